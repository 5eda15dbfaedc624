import type { RegistryBackend } from "@rollcall/core";
import { etcdRegistry } from "@rollcall/registry/etcd";
import type { EtcdUnderTest } from "@rollcall/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeEtcd } from "../etcd/describe-etcd.js";
import { instanceOf, nextIncarnation } from "../registry/instance.js";
import { until, untilTrue } from "../registry/until.js";
import { rollcallHere } from "./rollcall-here.js";
import { rollcall, RollcallProcess, type Ended } from "./rollcall-process.js";

const service = "shop.v1.Orders";
const never = new AbortController().signal;
const toCanary = ["weight", "Orders", "--version", "1.5.0"] as const;

describeEtcd("rollcall", (start) => {
  let etcd: EtcdUnderTest;
  let fleet: RegistryBackend;

  beforeEach(async () => {
    etcd = await start();
    fleet = etcdRegistry({ url: etcd.url });
    await offer();
    await offer({ address: "10.0.0.2:8080", version: "1.5.0", track: "canary", weight: 0 });
  });
  afterEach(async () => {
    await fleet[Symbol.asyncDispose]();
    await etcd.close();
  });

  /** An app that hosts two services. */
  async function offer(change: Parameters<typeof instanceOf>[0] = {}): Promise<void> {
    const incarnation = nextIncarnation();
    const all = [service, "shop.v1.Refunds"].map((each) =>
      instanceOf({ ...change, incarnation, service: each }),
    );
    await until(fleet.register(all, never).state, (state) => state === "visible");
  }

  /** Processes take their time to start: one is used where being one matters. */
  function run(...args: readonly string[]): Promise<Ended> {
    return rollcallHere(etcd.url, ...args);
  }

  test("a canary's whole life, told by ls, status and log", async () => {
    expect(
      await run("weight", "orders", "--version", "1.5.0", "--percent", "5", "--reason", "canary"),
    ).toEqual({
      code: 0,
      out:
        "shop.v1.Orders: stable 1.4.0; 1.5.0: 5 % (gen 1)\n" +
        "shop.v1.Refunds: stable 1.4.0; 1.5.0: 5 % (gen 1)\n",
      err: "",
    });
    const ls = await rollcall(etcd.url, "ls", "Orders");
    expect(ls.out).toMatch(/^shop\.v1\.Orders {2}stable 1\.4\.0; 1\.5\.0 at 5 %$/m);
    expect(ls.out).toMatch(/^ {2}10\.0\.0\.2:8080 +1\.5\.0 +canary +a +up +0 +100 +\d+s$/m);
    expect(await run("rollout", "start", "Orders", "--to", "1.5.0", "--steps", "10,100")).toMatchObject({
      code: 0,
    });
    const status = JSON.parse((await run("rollout", "status", "Orders", "--json")).out) as object;
    expect(status).toMatchObject({ state: "running", percent: 10, to: "1.5.0", controller: null });
    expect(await run("rollout", "promote", "Orders", "--reason", "done")).toMatchObject({ code: 0 });
    const { out } = await run("log", "Orders");
    expect(out.split("\n").map((each) => each.slice(0, 3).trim())).toEqual([
      "gen",
      "3",
      "",
      "",
      "2",
      "",
      "1",
      "",
      "",
    ]);
    expect(out).toContain("stable 1.4.0 -> 1.5.0");
  });

  test("a dry run leaves etcd as it was", async () => {
    await run(...toCanary, "--percent", "5");
    const before = await etcd.revision();
    const runs = await Promise.all([
      run(...toCanary, "--percent", "25", "--dry-run"),
      run("rollout", "start", "orders", "--to", "1.5.0", "--dry-run"),
    ]);
    for (const { code, out } of runs) {
      expect(code).toBe(0);
      expect(out).toContain("dry run: nothing was written");
    }
    expect(await etcd.revision()).toBe(before);
  });

  test("of several writers at once those who lose learn who won, and nothing is lost", async () => {
    await run(...toCanary, "--percent", "1");
    const writers = ["ann", "bob", "cid", "dee"];
    const runs = await Promise.all(
      writers.map((by, n) => rollcall(etcd.url, ...toCanary, "--percent", String(n + 2), "--by", by)),
    );
    const winners = writers.filter((_, n) => runs[n]?.code === 0);
    expect(winners).not.toEqual([]);
    for (const { code, err } of runs) {
      expect([0, 4]).toContain(code);
      if (code === 4)
        expect(
          winners.some((by) => err.includes(`lost the race: ${by} changed`)),
          err,
        ).toBe(true);
    }
    const lines = (await run("log", "Orders", "--json")).out.trim().split("\n");
    const log = lines.map((line) => JSON.parse(line) as { gen: number; by: string });
    expect(log.map(({ gen }) => gen)).toEqual(Array.from(lines, (_, n) => lines.length - n));
    expect(
      log
        .slice(0, -1)
        .map(({ by }) => by)
        .toSorted(),
    ).toEqual(winners);
  });

  test("--wait ends with exit code 5 when somebody aborts, and Ctrl-C ends a view in order", async () => {
    await using waiting = new RollcallProcess(etcd.url, [
      "rollout",
      "start",
      "Orders",
      "--to",
      "1.5.0",
      "--wait",
    ]);
    await untilTrue(() => waiting.out.includes("running"), 20_000);
    await using watching = new RollcallProcess(etcd.url, ["rollout", "status", "--watch", "--json"]);
    await untilTrue(() => watching.out.includes("running"), 20_000);
    await run("rollout", "abort", "Orders", "--reason", "wrong prices", "--by", "mia");
    const { code, err } = await waiting.ended;
    expect({ code, err }).toEqual({
      code: 5,
      err: `error: the rollout of ${service} to 1.5.0 was aborted: wrong prices\n`,
    });
    await untilTrue(() => watching.out.includes('"state":"aborted"'));
    watching.child.kill("SIGINT");
    expect((await watching.ended).code).toBe(5);
    for (const line of watching.out.trim().split("\n")) expect(JSON.parse(line)).toMatchObject({ service });
  });

  test("a view goes on when etcd comes back", async () => {
    await run("rollout", "start", "Orders", "--to", "1.5.0");
    const watch = ["rollout", "status", "Orders", "--watch", "--json", "--timeout", "500ms"];
    await using watching = new RollcallProcess(etcd.url, watch);
    await untilTrue(() => watching.out.includes("running"), 20_000);
    await etcd.stop();
    await untilTrue(() => watching.err.includes("did not answer"), 10_000);
    await etcd.start();
    const seen = watching.out.length;
    await untilTrue(() => watching.out.length > seen, 10_000);
    watching.child.kill("SIGINT");
    expect((await watching.ended).code).toBe(0);
    expect(watching.err).not.toContain("    at ");
  });

  test.each(["stop", "pause"] as const)(
    "exits 3 with one line when etcd does not answer: %s",
    async (fault) => {
      await etcd[fault]();
      const startedAt = performance.now();
      const runs = await Promise.all([
        rollcall(etcd.url, "ls", "--timeout", "1s"),
        run(...toCanary, "--percent", "5", "--timeout", "1s"),
        run("rollout", "status", "--watch", "--timeout", "1s"),
      ]);
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      for (const { code, out, err } of runs) {
        expect({ code, out }).toEqual({ code: 3, out: "" });
        expect(err).toMatch(
          /^error: registry etcd:\/\/127\.0\.0\.1:\d+ did not answer within 1s.*ROLLCALL_REGISTRY\n$/,
        );
      }
      if (fault === "pause") etcd.resume();
      else await etcd.start();
    },
  );

  test("a wiped etcd is an empty one until the services are back, and policies begin anew", async () => {
    await run(...toCanary, "--percent", "5");
    await etcd.wipe();
    const after = await run("rollout", "status");
    expect(after).toMatchObject({ code: 0, out: "no rollouts\n" });
    await untilTrue(async () => (await run("ls")).out.split("10.0.0.").length > 4, 30_000);
    expect((await run("log", "Orders")).out).toBe("no changes\n");
    expect(await run(...toCanary, "--percent", "7")).toMatchObject({ code: 0 });
  });

  test("a policy that was deleted is taken up from its log", async () => {
    await run(...toCanary, "--percent", "5");
    await etcd.delete(`rollout/${service}`);
    const { code, out, err } = await run(...toCanary, "--percent", "6");
    expect({ code, out }).toEqual({ code: 0, out: `${service}: 1.5.0: 5 % -> 6 % (gen 2)\n` });
    expect(err).toContain("was lost; going on from gen 1 of its log");
  });

  test("the full name of a service without instances finds its policy and its log", async () => {
    await run(...toCanary, "--percent", "5");
    await etcd.delete("services/");
    await fleet[Symbol.asyncDispose]();
    expect((await run("log", service)).out).toContain("1.5.0: 5 %");
  });
});

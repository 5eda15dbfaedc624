import type { RegistryBackend } from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandLine } from "../fixtures/command-line.js";

const canary = ["--version", "1.5.0"] as const;
let line: CommandLine;

beforeEach(() => {
  line = new CommandLine();
  line.offer();
  line.offer({ address: "10.0.0.2:8080", version: "1.5.0", track: "canary", weight: 0 });
});

describe("rollcall weight", () => {
  it("sets a percent and says what changed", async () => {
    expect(
      await line.rollcall("weight", "Orders", ...canary, "--percent", "5", "--reason", "try it"),
    ).toEqual({
      code: 0,
      out: "shop.v1.Orders: stable 1.4.0; 1.5.0: 5 % (gen 1)",
      err: "",
    });
    expect(await line.policy()).toEqual({
      gen: 1,
      stable: "1.4.0",
      rules: [{ to: { version: "1.5.0" }, percent: 5 }],
      by: "mia@laptop",
      reason: "try it",
      at: line.clock.now(),
    });
    const { out } = await line.rollcall("weight", "Orders", ...canary, "--percent", "25", "--by", "ci");
    expect(out).toBe("shop.v1.Orders: 1.5.0: 5 % -> 25 % (gen 2)");
    expect(await line.policy()).toMatchObject({ gen: 2, by: "ci", reason: "" });
  });

  it("sets weights, headers, keys and lanes, and clears them", async () => {
    await line.rollcall("weight", "Orders", "--track", "canary", "--percent", "5", "--key", "user-id");
    await line.rollcall("weight", "Orders", "--id", "10.0.0.1:8080", "--weight", "30");
    await line.rollcall(
      "weight",
      "Orders",
      ...canary,
      "--header",
      "X-Canary=a=b",
      "--header",
      "who=me",
      "--lane",
      "red",
    );
    await line.rollcall("weight", "Orders", "--label", "disk=ssd", "--weight", "200");
    expect((await line.policy())?.rules).toEqual([
      { to: { track: "canary" }, percent: 5, key: "user-id" },
      { to: { id: "10.0.0.1:8080" }, weight: 30 },
      { to: { version: "1.5.0" }, headers: { "x-canary": "a=b", who: "me" }, lane: "red" },
      { to: { labels: { disk: "ssd" } }, weight: 200 },
    ]);
    const { out } = await line.rollcall("weight", "Orders", "--track", "canary", "--clear");
    expect(out).toBe("shop.v1.Orders: track canary: 5 % by user-id -> no rule (gen 5)");
    expect((await line.policy())?.rules).toHaveLength(3);
  });

  it("writes nothing when there is nothing to change", async () => {
    await line.rollcall("weight", "Orders", ...canary, "--percent", "5");
    expect(await line.rollcall("weight", "Orders", ...canary, "--percent", "5", "--reason", "again")).toEqual(
      {
        code: 0,
        out: "shop.v1.Orders: nothing to change",
        err: "",
      },
    );
    expect((await line.policy())?.gen).toBe(1);
    expect((await line.rollcall("weight", "Orders", "--id", "x", "--clear")).out).toContain(
      "nothing to change",
    );
  });

  it("changes all services of an app in one transaction", async () => {
    line.offer({ address: "10.0.0.1:8080", service: "shop.v1.Refunds" });
    const { code, out } = await line.rollcall("weight", "orders", ...canary, "--percent", "5");
    expect({ code, lines: out.split("\n").length }).toEqual({ code: 0, lines: 2 });
    expect((await line.policy("shop.v1.Refunds"))?.rules).toEqual((await line.policy())?.rules);
  });

  it("shows the document before and after with --dry-run, and writes nothing", async () => {
    await line.rollcall("weight", "Orders", ...canary, "--percent", "5");
    const { code, out } = await line.rollcall("weight", "Orders", ...canary, "--percent", "25", "--dry-run");
    expect(code).toBe(0);
    expect(out).toContain("--- rollout/shop.v1.Orders (gen 1)\n+++ rollout/shop.v1.Orders (gen 2)");
    expect(out).toContain('\n-  "rules": [{"to": {"version": "1.5.0"}, "percent": 5}],\n');
    expect(out).toContain('\n+  "rules": [{"to": {"version": "1.5.0"}, "percent": 25}],\n');
    expect(out).toContain("dry run: nothing was written");
    expect((await line.policy())?.gen).toBe(1);
  });

  it("tells scripts before and after in JSON", async () => {
    const { out } = await line.rollcall(
      "weight",
      "Orders",
      ...canary,
      "--percent",
      "5",
      "--dry-run",
      "--json",
    );
    expect(JSON.parse(out)).toMatchObject({
      dryRun: true,
      services: [
        {
          service: "shop.v1.Orders",
          changed: true,
          changes: ["stable 1.4.0", "1.5.0: 5 %"],
          before: null,
          after: { gen: 1, rules: [{ to: { version: "1.5.0" }, percent: 5 }] },
        },
      ],
    });
    expect(await line.policy()).toBeUndefined();
  });

  it("warns when nothing is targeted, and goes on", async () => {
    const { code, err } = await line.rollcall("weight", "Orders", "--version", "1.6.0", "--percent", "5");
    expect({ code, err }).toEqual({ code: 0, err: "warning: shop.v1.Orders has no instance of 1.6.0 now" });
  });

  it("needs --stable for a first policy only when several versions get calls", async () => {
    line.offer({ address: "10.0.0.3:8080", version: "1.3.0" });
    const { code, err } = await line.rollcall("weight", "Orders", ...canary, "--percent", "5");
    expect(code).toBe(2);
    expect(err).toContain("instances of 1.3.0, 1.4.0 get calls; say which is stable with --stable <version>");
    await line.rollcall("weight", "Orders", ...canary, "--percent", "5", "--stable", "1.4.0");
    expect((await line.policy())?.stable).toBe("1.4.0");
    const changed = await line.rollcall("weight", "Orders", ...canary, "--percent", "6", "--stable", "1.3.0");
    expect(changed).toMatchObject({ code: 2, err: expect.stringContaining("in which 1.4.0 is stable") });
  });

  it.each([
    [["--percent", "5"], "give --version, --track, --id or --label"],
    [[...canary], "give --percent, --weight, --header or --clear"],
    [[...canary, "--percent", "101"], "0 to 100"],
    [[...canary, "--weight", "-1"], "0 to 1000000"],
    [[...canary, "--weight", "1", "--percent", "1"], "--weight is a rule of its own"],
    [[...canary, "--clear", "--percent", "1"], "--clear removes rules"],
    [[...canary, "--header", "novalue"], "is not key=value"],
    [[...canary, "--header", "x-bin=1"], "binary key"],
    [[...canary, "--percent", "1", "--lane", "-no-"], "lane"],
    [[...canary, "--percent", "5", "--reason", "a\u001b[2J"], "control characters"],
    [[...canary, "--percent", "5", "--timeout", "soon"], "500ms, 60s"],
  ])("exits 2 for %j", async (args, message) => {
    const { code, out, err } = await line.rollcall("weight", "Orders", ...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).not.toContain("\u001b");
    expect(await line.policy()).toBeUndefined();
  });

  it("refuses percents that sum up to more than 100, with the sum", async () => {
    await line.rollcall("weight", "Orders", ...canary, "--percent", "60");
    const { code, err } = await line.rollcall("weight", "Orders", "--track", "canary", "--percent", "50");
    expect(code).toBe(2);
    expect(err).toContain("rules[1].percent: brings the sum of all percent rules to 110; allowed: 100");
  });

  it("refuses the percent of a version whose rollout is running, until it is paused", async () => {
    await line.rollcall("rollout", "start", "Orders", "--to", "1.5.0");
    const args = ["weight", "Orders", ...canary, "--percent", "50"] as const;
    const { code, err } = await line.rollcall(...args);
    expect(code).toBe(1);
    expect(err).toContain("rollcall rollout pause shop.v1.Orders, or rollcall rollout abort shop.v1.Orders");
    expect((await line.rollcall("weight", "Orders", ...canary, "--clear")).code).toBe(1);
    expect((await line.rollcall("weight", "Orders", "--id", "10.0.0.2:8080", "--weight", "1")).code).toBe(0);
    await line.rollcall("rollout", "pause", "Orders");
    expect((await line.rollcall(...args)).code).toBe(0);
  });

  it("lists what there is for an unknown service, with exit code 2", async () => {
    const { code, err } = await line.rollcall("weight", "Ordesr", ...canary, "--percent", "5");
    expect({ code, err }).toEqual({
      code: 2,
      err: 'error: service "Ordesr" is not known; there is shop.v1.Orders, of app orders',
    });
  });
});

describe("a lost race", () => {
  /** Somebody is faster between the reading and the writing of a command. */
  function racing(inner: RegistryBackend, before: () => Promise<unknown>): RegistryBackend {
    const { rollouts, list } = inner;
    return {
      ...inner,
      list: (...args) => list(...args),
      rollouts: {
        ...rollouts!,
        async compareAndSet(...args) {
          await before();
          return rollouts!.compareAndSet(...args);
        },
      },
    };
  }

  it("exits 4, shows who won with what, and leaves the winner's policy", async () => {
    const shared = memoryRegistry();
    const winner = new CommandLine(shared);
    winner.offer();
    winner.offer({ address: "10.0.0.2:8080", version: "1.5.0", weight: 0 });
    await winner.rollcall("weight", "Orders", "--version", "1.5.0", "--percent", "5");
    const loser = new CommandLine(
      racing(shared, async () => {
        await winner.rollcall(
          "weight",
          "Orders",
          "--version",
          "1.5.0",
          "--percent",
          "25",
          "--by",
          "tom",
          "--reason",
          "go on",
        );
        await loser.clock.advance(3000);
      }),
    );
    const { code, out, err } = await loser.rollcall(
      "weight",
      "Orders",
      "--version",
      "1.5.0",
      "--percent",
      "0",
    );
    expect({ code, out }).toEqual({ code: 4, out: "" });
    expect(err).toBe(
      'error: lost the race: tom changed shop.v1.Orders 3s ago (gen 2: 1.5.0: 5 % -> 25 %, "go on"); ' +
        "nothing was written, run the command again if it still makes sense",
    );
    expect(await winner.policy()).toMatchObject({ gen: 2, by: "tom" });
  });

  it("of one service of an app changes none of them", async () => {
    const shared = memoryRegistry();
    const winner = new CommandLine(shared);
    winner.offer();
    winner.offer({ service: "shop.v1.Refunds" });
    const loser = new CommandLine(
      racing(shared, () => winner.rollcall("weight", "Refunds", "--version", "2", "--percent", "1")),
    );
    const { code, err } = await loser.rollcall("weight", "orders", "--version", "1.5.0", "--percent", "5");
    expect(code).toBe(4);
    expect(err).toContain("mia@laptop changed shop.v1.Refunds");
    expect(err).not.toContain("shop.v1.Orders 0s");
    expect(await winner.policy()).toBeUndefined();
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createApp, createClient, Service } from "@rollcall/app";
import { startRollout } from "@rollcall/app/rollout";
import { etcdRegistry } from "@rollcall/registry/etcd";
import { findEtcd, startEtcd } from "@rollcall/testing";
import { describe, expect, test } from "vitest";
import { fakeLogger } from "../../packages/core/src/fixtures/fake-logger.js";
import { withoutRealEtcd } from "../etcd/describe-etcd.js";
import { Billing, Orders, type ChargeReplyInit } from "../fixtures/gen/shop/v1/shop.js";

if (findEtcd() === undefined) withoutRealEtcd("roles in etcd as the guide has them [real etcd]");
else describe("roles in etcd as the guide has them [real etcd]", suite);

@Service(Billing)
class BillingService {
  async charge(): Promise<ChargeReplyInit> {
    return { ok: true };
  }
}

type Post = (path: string, body: object, token?: string) => Promise<Record<string, unknown>>;

/** Etcd's API as JSON over HTTP. */
function postTo(port: number): Post {
  return async (path, body, token) => {
    const answer = await fetch(`http://127.0.0.1:${port}/v3/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      ...(token === undefined ? {} : { headers: { authorization: token } }),
    });
    const json = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(json)}`);
    return json;
  };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Runs the guide's `etcdctl` commands, makes a user of each role, and turns authentication on. */
async function followGuide(post: Post): Promise<void> {
  const guide = readFileSync(join(import.meta.dirname, "../../docs/guides/security.md"), "utf8");
  const roles = [...guide.matchAll(/^etcdctl role add (\S+)$/gm)].map(([, role = ""]) => role);
  for (const name of [...roles, "root"]) {
    await post("auth/role/add", { name });
    await post("auth/user/add", { name, password: "secret" });
    await post("auth/user/grant", { user: name, role: name });
  }
  const grants = guide.matchAll(
    /^etcdctl role grant-permission (\S+)( --prefix=true)? (read|readwrite) (\S+)$/gm,
  );
  for (const [, name = "", prefix, type = "", key = ""] of grants) {
    const range = prefix === undefined ? {} : { range_end: base64(key.replace(/\/$/, "0")) };
    await post("auth/role/grant", {
      name,
      perm: { permType: type.toUpperCase(), key: base64(key), ...range },
    });
  }
  await post("auth/enable", {});
}

function suite(): void {
  test("let services serve, callers call and report, and operators start a rollout that a service runs, and see breakers", async () => {
    await using etcd = await startEtcd();
    await followGuide(postTo(etcd.port));
    const url = (user: string): string => `etcd://${user}:secret@127.0.0.1:${etcd.port}`;
    const { logger, lines } = fakeLogger();
    const start = async (version: string, weight: number) => {
      const app = createApp({
        name: "billing",
        version,
        weight,
        services: [BillingService],
        registry: url("billing"),
        startup: "fail-fast",
        host: "127.0.0.1",
        propagationDelayMs: 0,
        logger,
        env: {},
      });
      await app.start();
      return app;
    };
    await using _stable = await start("1", 100);
    await using _canary = await start("2", 0);
    await using client = createClient(Billing, { registry: url("caller"), logger, timeoutMs: 5_000 });
    expect(await client.charge({})).toMatchObject({ ok: true });

    await using registry = etcdRegistry({ url: url("operator"), logger });
    const rollouts = registry.rollouts!;
    const soon = (): AbortSignal => AbortSignal.timeout(10_000);
    const by = { by: "ada", at: Date.now() };
    const policy = startRollout(Billing.name, undefined, { id: "r1", to: "2", from: "1", steps: [50] }, by);
    const change = { service: Billing.name, revision: 0, policy };
    expect(await rollouts.compareAndSet([change], soon())).toEqual({ won: true });
    await expect.poll(() => rollouts.leader(Billing.name, soon()), { timeout: 10_000 }).toMatch(/^billing /);
    const reported = async (): Promise<number> => {
      await client.charge({});
      return (await rollouts.reports(Billing.name, soon())).length;
    };
    await expect.poll(reported, { timeout: 10_000 }).toBe(1);
    expect(await rollouts.history(Billing.name, soon())).toHaveLength(1);

    await using callers = etcdRegistry({ url: url("caller"), logger });
    const open = { method: `${Billing.name}/Charge`, subset: "stable", state: "open" } as const;
    const report = {
      caller: "c1",
      app: "shop",
      breakers: [{ ...open, since: Date.now(), calls: 20, failures: 20 }],
    };
    expect(await callers.breakers?.report(Billing.name, report, soon())).toBe(true);
    expect(await registry.breakers?.reports(Billing.name, soon())).toEqual([report]);
    expect(lines.filter(({ level }) => level >= 40)).toEqual([]);
  });

  test("let nobody do more", async () => {
    await using etcd = await startEtcd();
    const post = postTo(etcd.port);
    await followGuide(post);
    const may: Record<string, readonly string[]> = {
      caller: [Billing.name, Orders.name].flatMap((service) => [
        `rollout-stats/${service}/me`,
        `breakers/${service}/me`,
      ]),
      billing: [
        "services/shop.v1.Billing/a",
        "rollout/shop.v1.Billing",
        "rollout-log/shop.v1.Billing/0000000001",
        "rollout-leader/shop.v1.Billing",
      ],
      operator: [
        "rollout/shop.v1.Billing",
        "rollout/shop.v1.Orders",
        "rollout-log/shop.v1.Billing/0000000001",
        "rollout-log/shop.v1.Orders/0000000001",
        "rollout-leader/shop.v1.Billing",
        "rollout-leader/shop.v1.Orders",
      ],
    };
    const keys = [Billing.name, Orders.name].flatMap((service) => [
      `services/${service}/a`,
      `rollout/${service}`,
      `rollout-log/${service}/0000000001`,
      `rollout-leader/${service}`,
      `rollout-stats/${service}/me`,
      `breakers/${service}/me`,
    ]);
    for (const [user, own] of Object.entries(may)) {
      const { token } = await post("auth/authenticate", { name: user, password: "secret" });
      for (const key of [...keys, "services/shop.v1.BillingX/a", "rollout/shop.v1.Billing2", "other"]) {
        const done = await post("kv/put", { key: base64(key), value: "" }, String(token)).then(
          () => true,
          (error: Error) => {
            expect(error.message).toContain("permission denied");
            return false;
          },
        );
        const allowed = own.includes(key) || (user === "operator" && key.startsWith("rollout/"));
        expect(done, `${user} writes ${key}`).toBe(allowed);
      }
    }
  });
}

import { readFileSync } from "node:fs";
import { etcdRegistry } from "@rollcall/registry/etcd";
import { findEtcd, startEtcd } from "@rollcall/testing";
import { describe, expect, test } from "vitest";
import { withoutRealEtcd } from "../etcd/describe-etcd.js";
import { Certificates } from "./certificates.js";
import { policyOf, reportOf, rolloutsOf } from "./policies.js";
import { orders, Scene } from "./scene.js";
import { until } from "./until.js";

if (findEtcd() === undefined) withoutRealEtcd("security of a registry in etcd [real etcd]");
else describe("security of a registry in etcd [real etcd]", suite);

/** Etcd's API as JSON over HTTP, which is all that setting users up needs. */
async function post(
  port: number,
  path: string,
  body: object,
  token?: string,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`http://127.0.0.1:${port}/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    ...(token === undefined ? {} : { headers: { authorization: token } }),
  });
  const json = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(json)}`);
  return json;
}

type Grants = Readonly<Record<string, "READ" | "READWRITE">>;

/** Turns authentication on, with `root`, and users who may use what is under certain prefixes. */
async function addUsers(
  port: number,
  users: Readonly<Record<string, Grants>> = { shop: { "shop/": "READWRITE" } },
): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  for (const [name, grants] of Object.entries({ root: {}, ...users })) {
    await post(port, "auth/role/add", { name });
    for (const [prefix, permType] of Object.entries(grants)) {
      const perm = { permType, key: base64(prefix), range_end: base64(prefix.replace(/\/$/, "0")) };
      await post(port, "auth/role/grant", { name, perm });
    }
    await post(port, "auth/user/add", { name, password: `${name}@secret` });
    await post(port, "auth/user/grant", { user: name, role: name });
  }
  await post(port, "auth/enable", {});
}

function suite(): void {
  test("works with a user, whose tokens expire and are forgotten by a restart", async () => {
    await using etcd = await startEtcd({ extraArgs: ["--auth-token-ttl", "1"] });
    await addUsers(etcd.port);
    const address = `127.0.0.1:${etcd.port}`;
    await using scene = await Scene.start("shop", { url: `etcd://shop:shop%40secret@${address}` });
    await scene.caller.ready(AbortSignal.timeout(3000));
    // Longer than a token lives without being used.
    await new Promise((resolve) => {
      setTimeout(resolve, 2500);
    });
    await scene.hears(40);
    await etcd.restart();
    await scene.hears(50);
    expect(await scene.isRight()).toBeLessThan(5000);
  });

  test("goes on when authentication is turned on or is off although a user is given", async () => {
    await using etcd = await startEtcd();
    const url = `etcd://shop:shop%40secret@127.0.0.1:${etcd.port}`;
    await using scene = await Scene.start("shop", { url });
    await addUsers(etcd.port);
    await scene.hears(40);
    await etcd.restart();
    await scene.hears(50);
    expect(await scene.isRight()).toBeLessThan(5000);
  });

  test("works with the least rights that the README names, and no app can change a policy with them", async () => {
    await using etcd = await startEtcd();
    await addUsers(etcd.port, {
      app: {
        "shop/services/": "READWRITE",
        "shop/rollout-stats/": "READWRITE",
        "shop/rollout/": "READ",
        "shop/breakers/": "READWRITE",
      },
      operator: {
        "shop/services/": "READ",
        "shop/rollout-stats/": "READ",
        "shop/breakers/": "READ",
        "shop/rollout/": "READWRITE",
        "shop/rollout-log/": "READWRITE",
        "shop/rollout-leader/": "READWRITE",
      },
    });
    const url = (user: string): string => `etcd://${user}:${user}%40secret@127.0.0.1:${etcd.port}/shop`;
    const soon = (): AbortSignal => AbortSignal.timeout(5000);
    await using scene = await Scene.start("shop", { url: url("app") });
    await using registry = etcdRegistry({ url: url("operator") });
    const [app, operator] = [rolloutsOf(scene.caller), rolloutsOf(registry)];
    const change = { service: orders, revision: 0, policy: policyOf() };

    await expect(app.compareAndSet([change], soon())).rejects.toThrow(/permission denied/);
    await expect(app.campaign(orders, "app", soon())).rejects.toThrow(/permission denied/);
    const leadership = await operator.campaign(orders, "operator", soon());
    expect(await operator.compareAndSet([change], soon(), leadership)).toEqual({ won: true });
    await until(scene.feed, ({ policy }) => policy?.gen === 1);
    expect(await app.report(orders, reportOf("a"), soon())).toBe(true);
    expect(await operator.reports(orders, soon())).toHaveLength(1);
    await app.withdraw(orders, "a", soon());
    await scene.caller.breakers!.report(orders, { caller: "a", app: "app", breakers: [] }, soon());
    expect(await registry.breakers!.reports(orders, soon())).toHaveLength(1);
    await scene.caller.breakers!.withdraw(orders, "a", soon());
    expect(await operator.history(orders, soon())).toHaveLength(1);
    const listed = await registry.list(orders, soon());
    expect(listed.map(({ leaseLeftMs }) => typeof leaseLeftMs)).toEqual(["number", "number"]);
    await leadership.resign();
    expect(await operator.leader(orders, soon())).toBeUndefined();
  });

  test("says at once when etcd refuses the user, and when none is given", async () => {
    await using etcd = await startEtcd();
    await addUsers(etcd.port);
    for (const user of ["shop:wrong@", "nobody:wrong@", ""]) {
      await using registry = etcdRegistry({ url: `etcd://${user}127.0.0.1:${etcd.port}/shop` });
      await expect(registry.ready(AbortSignal.timeout(5000))).rejects.toThrow(/etcd refuses the user/);
    }
  });

  test("works over TLS with certificates on both sides, and trusts no other authority", async () => {
    using files = new Certificates();
    const server = ["--cert-file", files.serverCert, "--key-file", files.serverKey];
    const mutual = ["--client-cert-auth", "--trusted-ca-file", files.ca];
    await using etcd = await startEtcd({ scheme: "https", extraArgs: [...server, ...mutual] });
    const address = `127.0.0.1:${etcd.port}`;
    const url = `etcd://${address}?ca=${files.ca}&cert=${files.clientCert}&key=${files.clientKey}`;
    await using scene = await Scene.start("tls", { url });
    await scene.hears(50);
    await etcd.restart();
    await scene.hears(60);

    const ca = readFileSync(files.ca);
    for (const tls of [true, { ca }, false]) {
      await using registry = etcdRegistry({ endpoints: [address], tls, dialTimeoutMs: 300 });
      await expect(registry.ready(AbortSignal.timeout(700))).rejects.toThrow(/etcd did not answer/);
    }
  });
}

import type { EtcdUnderTest } from "@rollcall/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeEtcd } from "../etcd/describe-etcd.js";
import type { Ended } from "./rollcall-process.js";
import { rollcallHere as rollcall } from "./rollcall-here.js";

const service = "shop.v1.Orders";
const escape = "\u001b";
const good = { gen: 1, stable: "1.4.0", rules: [], by: "mia", reason: "", at: 0 };

/** What anybody with access to etcd could put where a policy should be. */
const documents: readonly string[] = [
  "",
  "null",
  "[]",
  "not json",
  `{"gen":1,"stable":"${escape}[2J","rules":[],"by":"","reason":"","at":0}`,
  JSON.stringify({ ...good, gen: -1 }),
  JSON.stringify({ ...good, rules: [{ to: {}, percent: 5 }] }),
  JSON.stringify({ ...good, rules: [{ to: { version: "1" }, percent: 1e9 }] }),
  `{"__proto__":{"stable":"1"}}`,
  "[".repeat(50_000),
  JSON.stringify({ ...good, reason: "x".repeat(70_000) }),
];

describeEtcd("hostile documents", (start) => {
  let etcd: EtcdUnderTest;
  beforeAll(async () => {
    etcd = await start();
    await etcd.put(`services/${service}/10.0.0.1:80`, JSON.stringify({ Op: 0, Addr: "10.0.0.1:80" }));
  });
  afterAll(() => etcd.close());

  function expectCalm({ out, err }: Ended): void {
    expect(out + err).not.toContain(escape);
    expect(err).not.toContain("    at ");
  }

  test.each(documents.map((document) => [document.slice(0, 40), document]))(
    "%j is shown as no policy, and not overwritten",
    async (_, document) => {
      await etcd.put(`rollout/${service}`, document);
      const [ls, status, weight, abort] = await Promise.all([
        rollcall(etcd.url, "ls"),
        rollcall(etcd.url, "rollout", "status"),
        rollcall(etcd.url, "weight", service, "--version", "2", "--percent", "5"),
        rollcall(etcd.url, "rollout", "abort", service),
      ]);
      expect(ls.code).toBe(0);
      expect(ls.out).toContain(`${service}  not a policy: `);
      expect(status.out).toContain("not a policy: ");
      expect([weight.code, abort.code]).toEqual([1, 1]);
      expect(weight.err).toContain(`correct or delete the key rollout/${service}`);
      for (const each of [ls, status, weight, abort]) expectCalm(each);
      expect(await etcd.read(`rollout/${service}`)).toEqual(new Map([[`rollout/${service}`, document]]));
    },
  );

  test("records and changes that cannot be read are told of, and left out", async () => {
    await etcd.delete(`rollout/${service}`);
    await etcd.put(`services/${service}/${escape}[2J`, JSON.stringify({ Op: 0, Addr: "10.0.0.1:80" }));
    await etcd.put(`services/${service}/b`, "{}");
    await etcd.put(`rollout-log/${service}/0000000001`, "garbage");
    await etcd.put(`rollout-stats/${service}/x`, "garbage");
    const ls = await rollcall(etcd.url, "ls");
    expect(ls.code).toBe(0);
    expect(ls.out).toContain("10.0.0.1:80");
    expect(ls.err).toContain(`warning: services/${service}/b: etcd record is left out`);
    expect(ls.err).toContain("\\u001b[2J");
    const log = await rollcall(etcd.url, "log", service);
    expect(log).toMatchObject({ code: 0, out: "no changes\n" });
    expect(log.err).toContain(`warning: rollout-log/${service}/0000000001: etcd policy is left out`);
    for (const each of [ls, log]) expectCalm(each);
  });
});

import { Etcd3 } from "etcd3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type Session } from "./session.js";

/** The client that the registry is built on, with its own copy of etcd's API. */
export function etcd3Client(session: Session): void {
  let etcd3: Etcd3;
  beforeAll(() => {
    etcd3 = new Etcd3({ hosts: session.etcd.address });
  });
  afterAll(() => etcd3.close());

  test("puts on a lease, reads a prefix, compares and sets", async () => {
    const lease = etcd3.lease(60);
    await lease.put("etcd3/a").value("1");
    await etcd3.put("etcd3/b").value("2");
    expect(await etcd3.getAll().prefix("etcd3/").strings()).toEqual({ "etcd3/a": "1", "etcd3/b": "2" });
    const swap = (): Promise<{ succeeded: boolean }> =>
      etcd3.if("etcd3/b", "Version", "==", 1).then(etcd3.put("etcd3/b").value("3")).commit();
    expect((await swap()).succeeded).toBe(true);
    expect((await swap()).succeeded).toBe(false);
    await lease.revoke();
    expect(await etcd3.getAll().prefix("etcd3/").keys()).toEqual(["etcd3/b"]);
  });

  test("watches a prefix", async () => {
    const watcher = await etcd3.watch().prefix("seen/").create();
    const seen: string[] = [];
    watcher.on("put", (kv) => seen.push(`put ${kv.key.toString()}`));
    watcher.on("delete", (kv) => seen.push(`delete ${kv.key.toString()}`));
    await etcd3.put("seen/a").value("1");
    await etcd3.delete().key("seen/a");
    await eventually(() => Promise.resolve(seen.length === 2));
    expect(seen).toEqual(["put seen/a", "delete seen/a"]);
    await watcher.cancel();
  });
}

import { expect, test } from "vitest";
import { prefixRange } from "../../../packages/testing/src/etcd/backends.js";
import type { KeyValue, TxnResponse } from "../../../packages/testing/src/etcd/messages.js";
import { bytes, minorOf, revisionOf, type Session } from "./session.js";

interface RangeAnswer {
  readonly header: { readonly revision: string };
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: string;
}

/** Keys, revisions, transactions and their refusals. */
export function keysAndTransactions(session: Session): void {
  const range = (request: object): Promise<RangeAnswer> => session.client.call("KV", "Range", request);
  const texts = (answer: RangeAnswer): string[] =>
    answer.kvs.map(({ key, value }) => `${key.toString()}=${value.toString()}`);

  test("every put makes one revision, and counts up the key's version until it is deleted", async () => {
    const first = await session.put("versions", "1");
    const second = await session.put("versions", "2");
    expect(second).toBe(first + 1);
    expect(await session.get("versions")).toMatchObject({
      create_revision: String(first),
      mod_revision: String(second),
      version: "2",
      lease: "0",
    });
    expect(await session.delete("versions")).toBe(second + 1);
    const again = await session.put("versions", "3");
    expect(await session.get("versions")).toMatchObject({ create_revision: String(again), version: "1" });
  });

  test("a delete that finds nothing makes no revision", async () => {
    const before = await session.put("present");
    expect(await session.delete("absent")).toBe(before);
    expect(await session.etcd.revision()).toBe(before);
  });

  test("a past revision reads as it was", async () => {
    const first = await session.put("past/a", "old");
    await session.put("past/a", "new");
    await session.put("past/b", "new");
    await session.delete("past/a");
    expect(texts(await range({ ...prefixRange("past/"), revision: first }))).toEqual(["past/a=old"]);
    expect(texts(await range({ ...prefixRange("past/"), revision: first + 2 }))).toEqual([
      "past/a=new",
      "past/b=new",
    ]);
    expect(texts(await range(prefixRange("past/")))).toEqual(["past/b=new"]);
  });

  test("a range can be limited, sorted, counted and stripped of values; the count is of the whole", async () => {
    for (const [key, value] of ["c1", "a3", "b2"]) await session.put(`sort/${key}`, value);
    const all = prefixRange("sort/");
    const limited = await range({ ...all, limit: 2 });
    expect([texts(limited), limited.more, limited.count]).toEqual([["sort/a=3", "sort/b=2"], true, "3"]);
    expect(texts(await range({ ...all, sort_target: 4 }))).toEqual(["sort/c=1", "sort/b=2", "sort/a=3"]);
    expect(texts(await range({ ...all, sort_target: 3, sort_order: 2, limit: 1 }))).toEqual(["sort/b=2"]);
    expect(texts(await range({ ...all, keys_only: true }))).toEqual(["sort/a=", "sort/b=", "sort/c="]);
    expect(await range({ ...all, count_only: true })).toMatchObject({ kvs: [], more: false, count: "3" });
  });

  test("a transaction is one revision, whatever it holds", async () => {
    const before = await session.put("txn/base", "1");
    const answer = await session.client.call<TxnResponse & { header: { revision: string } }>("KV", "Txn", {
      compare: [{ key: bytes("txn/base"), target: 2, mod_revision: before }],
      success: [
        { request_put: { key: bytes("txn/a"), value: bytes("1") } },
        { request_range: prefixRange("txn/") },
        {
          request_txn: {
            // Sees the store as it was before the transaction.
            compare: [{ key: bytes("txn/a"), target: 1, create_revision: 0 }],
            success: [{ request_delete_range: { key: bytes("txn/base") } }],
          },
        },
      ],
      failure: [{ request_put: { key: bytes("txn/wrong") } }],
    });
    expect(answer.succeeded).toBe(true);
    expect(revisionOf(answer)).toBe(before + 1);
    expect(answer.responses[1]!.response_range!.kvs.map(({ key }) => String(key))).toEqual([
      "txn/a",
      "txn/base",
    ]);
    expect(answer.responses[2]!.response_txn!.succeeded).toBe(true);
    expect([...(await session.etcd.read("txn/"))]).toEqual([["txn/a", "1"]]);
  });

  test("a transaction that is refused changes nothing", async () => {
    const before = await session.etcd.revision();
    const success = [
      { request_put: { key: bytes("no") } },
      { request_put: { key: bytes("no/2"), lease: 12345 } },
    ];
    expect(await session.refusal("KV", "Txn", { success })).toBe("5: etcdserver: requested lease not found");
    expect(await session.etcd.revision()).toBe(before);
  });

  test("compaction forgets the past", async () => {
    const first = await session.put("compact", "1");
    const second = await session.put("compact", "2");
    await session.etcd.compact(second);
    const key = bytes("compact");
    expect(await session.refusal("KV", "Range", { key, revision: first })).toBe(
      "11: etcdserver: mvcc: required revision has been compacted",
    );
    expect(await range({ key, revision: second })).toMatchObject({ count: "1" });
    expect(await session.refusal("KV", "Compact", { revision: second })).toBe(
      "11: etcdserver: mvcc: required revision has been compacted",
    );
  });

  test("an order that there is not is refused", async ({ skip }) => {
    skip((await minorOf(session.etcd)) < 6, "older releases ignore it");
    const request = { key: bytes("k"), sort_order: 7 };
    expect(await session.refusal("KV", "Range", request)).toBe("3: etcdserver: invalid sort option");
  });

  test.each([
    ["Range", {}, "3: etcdserver: key is not provided"],
    [
      "Range",
      { key: bytes("k"), revision: 1e9 },
      "11: etcdserver: mvcc: required revision is a future revision",
    ],
    ["Compact", { revision: 1e9 }, "11: etcdserver: mvcc: required revision is a future revision"],
    ["Put", { value: bytes("v") }, "3: etcdserver: key is not provided"],
    ["Put", { key: bytes("never"), ignore_value: true }, "3: etcdserver: key not found"],
    ["Put", { key: bytes("k"), value: bytes("v"), ignore_value: true }, "3: etcdserver: value is provided"],
    ["Put", { key: bytes("k"), lease: 1, ignore_lease: true }, "3: etcdserver: lease is provided"],
    ["Put", { key: bytes("k"), lease: 999 }, "5: etcdserver: requested lease not found"],
    ["Put", { key: bytes("k"), value: Buffer.alloc(1_600_000) }, "3: etcdserver: request is too large"],
    [
      "Txn",
      { success: Array.from({ length: 129 }, () => put("k")) },
      "3: etcdserver: too many operations in txn request",
    ],
    ["Txn", { success: [put("k"), put("k")] }, "3: etcdserver: duplicate key given in txn request"],
    [
      "Txn",
      { success: [put("k"), { request_delete_range: { key: bytes("a"), range_end: bytes("z") } }] },
      "3: etcdserver: duplicate key given in txn request",
    ],
    ["Txn", { success: [{}] }, "3: etcdserver: key not found"],
  ])("%s is refused in etcd's words (%#)", async (method, request, words) => {
    expect(await session.refusal("KV", method, request)).toBe(words);
  });
}

function put(key: string): object {
  return { request_put: { key: bytes(key) } };
}

import { expect, test } from "vitest";
import { bytes, eventsOf, minorOf, revisionOf, type Session } from "./session.js";

const prefix = (name: string): object => ({ key: bytes(`${name}/`), range_end: bytes(`${name}0`) });

/** Watches: order, catching up, compaction, refusals. */
export function watches(session: Session): void {
  test("the created reply comes first; every commit is one reply, all its events in it", async () => {
    const before = await session.put("live/0", "0");
    const watch = session.watch(prefix("live"));
    const created = await watch.find(() => true);
    expect(created).toMatchObject({ watch_id: "0", created: true, canceled: false, events: [] });
    expect(revisionOf(created)).toBe(before);
    await session.put("live/a", "1");
    await session.put("elsewhere");
    await session.client.call("KV", "Txn", {
      success: [
        { request_put: { key: bytes("live/b") } },
        { request_delete_range: { key: bytes("live/a") } },
      ],
    });
    await watch.until(() => watch.received.length === 3);
    expect(eventsOf([watch.received[1]!])).toEqual([`put live/a=1@${before + 1}`]);
    expect(eventsOf([watch.received[2]!])).toEqual([
      `put live/b=@${before + 3}`,
      `delete live/a@${before + 3}`,
    ]);
    expect(revisionOf(watch.received[2]!)).toBe(before + 3);
  });

  test(
    "the past comes in batches of at most 1000 revisions, each with the revision of now",
    { timeout: 60_000 },
    async () => {
      const count = 1_500;
      const first = (await session.etcd.revision()) + 1;
      for (let done = 0; done < count; done += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, i) => session.put("past/key", String(done + i))));
      }
      const now = await session.put("after the past");
      const watch = session.watch({ ...prefix("past"), start_revision: first });
      await watch.until(() => eventsOf(watch.received).length === count);
      expect(watch.received.map((reply) => reply.events!.length)).toEqual([0, 1000, 500]);
      expect(watch.received.map(revisionOf)).toEqual([now, now, now]);
      const revisions = watch.received.flatMap((reply) =>
        reply.events!.map(({ kv }) => Number(kv.mod_revision)),
      );
      expect(revisions).toEqual(Array.from({ length: count }, (_, i) => first + i));
      await session.put("past/key", "live");
      await watch.find((reply) => eventsOf([reply]).includes(`put past/key=live@${now + 1}`));
    },
  );

  test("a start in the future waits for it", async () => {
    const now = await session.put("future/a");
    const watch = session.watch({ ...prefix("future"), start_revision: now + 2 });
    await watch.find((reply) => reply.created === true);
    await session.put("future/b");
    await session.put("future/c");
    await watch.until(() => eventsOf(watch.received).length > 0);
    expect(eventsOf(watch.received)).toEqual([`put future/c=@${now + 2}`]);
  });

  test("a compacted start is created, then canceled with the compact revision and no reason", async () => {
    const first = await session.put("gone/a");
    const now = await session.put("gone/b");
    await session.etcd.compact(now);
    const watch = session.watch({ ...prefix("gone"), start_revision: first });
    await watch.until(() => watch.received.length === 2);
    expect(watch.received[0]).toMatchObject({ created: true, canceled: false, compact_revision: "0" });
    expect(watch.received[1]).toMatchObject({
      created: false,
      canceled: true,
      compact_revision: String(now),
      cancel_reason: "",
      events: [],
      header: { revision: "0" },
    });
    // The call itself goes on.
    watch.send({ create_request: prefix("gone") as never });
    await watch.find((reply) => reply.created === true, { from: 2 });
  });

  test("the compacted revision itself can still be watched from", async ({ skip }) => {
    skip((await minorOf(session.etcd)) < 6, "older releases drop deletions with it");
    await session.put("edge/a");
    const now = await session.delete("edge/a");
    await session.etcd.compact(now);
    const watch = session.watch({ ...prefix("edge"), start_revision: now });
    await watch.until(() => eventsOf(watch.received).length > 0);
    expect(eventsOf(watch.received)).toEqual([`delete edge/a@${now}`]);
  });

  test("filters hide a kind of event, prev_kv shows what was before", async () => {
    const watch = session.watch();
    watch.send({ create_request: { ...prefix("show"), watch_id: 1, filters: [0] } as never });
    watch.send({ create_request: { ...prefix("show"), watch_id: 2, filters: [1], prev_kv: true } as never });
    await watch.until(() => watch.received.length === 2);
    await session.put("show/a", "1");
    await session.put("show/a", "2");
    await session.delete("show/a");
    await watch.until(() => watch.received.length === 5);
    const of = (id: string): typeof watch.received => watch.received.filter((reply) => reply.watch_id === id);
    expect(eventsOf(of("1")).map((event) => event.split("@")[0])).toEqual(["delete show/a"]);
    const events = of("2").flatMap((reply) => reply.events ?? []);
    expect(events.map(({ prev_kv }) => prev_kv?.value.toString())).toEqual([undefined, "1"]);
  });

  test("a progress request is answered for all watches at once", async () => {
    const watch = session.watch(prefix("progress"));
    await watch.find((reply) => reply.created === true);
    const now = await session.put("unrelated");
    watch.send({ progress_request: {} });
    const answer = await watch.find((reply) => reply.watch_id === "-1");
    expect([answer.created, answer.canceled, answer.events, revisionOf(answer)]).toEqual([
      false,
      false,
      [],
      now,
    ]);
  });

  test("watches of one call have ids of their own, and end one by one", async () => {
    const watch = session.watch(prefix("ids"));
    watch.send({ create_request: { ...prefix("ids"), watch_id: 7 } as never });
    watch.send({ create_request: { ...prefix("ids"), watch_id: 7 } as never });
    watch.send({ create_request: { ...prefix("ids") } as never });
    watch.send({ create_request: { key: bytes("b"), range_end: bytes("a") } as never });
    watch.send({ cancel_request: { watch_id: 7 } });
    watch.send({ cancel_request: { watch_id: 99 } });
    await watch.until(() => watch.received.length === 6);
    const replies = watch.received.map(({ watch_id, created, canceled, cancel_reason }) =>
      [watch_id, created && "created", canceled && "canceled", cancel_reason].filter(Boolean).join(" "),
    );
    expect(replies).toEqual([
      "0 created",
      "7 created",
      "-1 created canceled mvcc: duplicate watch ID provided on the WatchStream",
      "1 created",
      "-1 created canceled mvcc: watcher range is empty",
      "7 canceled",
    ]);
    await session.put("ids/a");
    await watch.until(() => watch.received.length === 8);
    // Which of two watches is told first is left open.
    expect(new Set(watch.received.slice(6).map((reply) => reply.watch_id))).toEqual(new Set(["0", "1"]));
  });

  test("a negative start is refused", async ({ skip }) => {
    skip((await minorOf(session.etcd)) < 6, "older releases take it for the beginning");
    const watch = session.watch({ ...prefix("negative"), start_revision: -1 });
    expect(await watch.find(() => true)).toMatchObject({
      watch_id: "-1",
      created: true,
      canceled: true,
      cancel_reason: "etcdserver: mvcc: required revision has been compacted",
    });
  });
}

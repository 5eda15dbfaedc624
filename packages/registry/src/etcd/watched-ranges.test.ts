import type { IEvent, IRangeResponse, ITxnRequest, ITxnResponse } from "etcd3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock, settle as settled } from "@rollcall/testing/clock";
import { under } from "./keys.js";
import type { Link } from "./link.js";
import type { Watched, WatchHub } from "./watch-hub.js";
import { WatchedRanges } from "./watched-ranges.js";

/** What a fake etcd holds: values by key, with their revisions. */
let stored: Map<string, { value: string; revision: number }>;
let revision: number;
let reads: number;
let unreachable: boolean;
let watching: Set<Watched>;
let changes: string[];
let clock: FakeClock;
let ranges: WatchedRanges;
/** The watches of its ranges, in their order. */
let range: Watched;
let other: Watched;

const kv = {
  call(run: (client: { kv: { txn(request: ITxnRequest): Promise<Partial<ITxnResponse>> } }) => unknown) {
    return run({ kv: { txn } });
  },
} as unknown as Link;

async function txn({ success = [] }: ITxnRequest): Promise<Partial<ITxnResponse>> {
  reads += 1;
  if (unreachable) throw new Error("unreachable");
  const all = Array.from(stored, ([key, held]) => keyValue(key, held.value, held.revision));
  const responses = success.map(({ request_range: asked }) => {
    const [from, to] = [asked?.key?.toString() ?? "", asked?.range_end?.toString()];
    const isAsked = (key: string): boolean => (to === undefined ? key === from : key >= from && key < to);
    return { response_range: { kvs: all.filter(({ key }) => isAsked(key.toString())) } };
  });
  return {
    header: { revision: String(revision) },
    responses,
  } as unknown as Partial<ITxnResponse>;
}

const hub = {
  add: (watched: Watched) => watching.add(watched),
  remove: (watched: Watched) => watching.delete(watched),
} as unknown as WatchHub;

function keyValue(key: string, value: string, modRevision: number): IRangeResponse["kvs"][number] {
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    lease: "0",
    mod_revision: String(modRevision),
    create_revision: "1",
    version: "1",
  };
}

function event(type: "Put" | "Delete", key: string, value: string, modRevision: number): IEvent {
  return { type, kv: keyValue(key, value, modRevision) } as IEvent;
}

beforeEach(async () => {
  stored = new Map([["p/a", { value: "1", revision: 5 }]]);
  [revision, reads, unreachable, watching, changes] = [10, 0, false, new Set(), []];
  clock = new FakeClock();
  ranges = new WatchedRanges({
    ranges: [under("p/"), { key: Buffer.from("q") }],
    name: "p/",
    kv,
    hub,
    clock,
    random: () => 0.5,
    onChange: (all, at) => {
      changes.push(
        `${at}: ${all.map(({ key, held }) => `${key}=${held ? held.value.toString() : "-"}`).join(" ")}`,
      );
    },
  });
  await settled();
  [range, other] = [...watching] as [Watched, Watched];
});
afterEach(() => ranges.close());

test("reads all, then watches from the revision after", () => {
  expect(changes).toEqual(["10: p/a=1"]);
  expect([...watching].map(({ range }) => range.key.toString())).toEqual(["p/", "q"]);
  expect(range.resumeFrom()).toBe(11);
});

test("reports even that there is nothing, and only once", async () => {
  stored.clear();
  range.cancelled("test");
  await clock.advance(100);
  range.cancelled("test");
  await clock.advance(300);
  expect(changes).toEqual(["10: p/a=1", "10: p/a=-"]);
});

test("advances only with events, never with what a watch says about itself", () => {
  range.created(5000);
  expect(range.resumeFrom()).toBe(11);
  range.changed([event("Put", "p/b", "2", 12), event("Delete", "p/a", "", 13)]);
  expect(range.resumeFrom()).toBe(14);
  expect(changes.at(-1)).toBe("13: p/b=2 p/a=-");
});

test("skips events it has applied already", () => {
  range.changed([event("Put", "p/b", "2", 12)]);
  range.changed([event("Put", "p/a", "0", 9), event("Put", "p/b", "2", 12)]);
  expect(changes).toEqual(["10: p/a=1", "12: p/b=2"]);
});

test("applies all changes of one revision", () => {
  range.changed([event("Put", "p/b", "2", 12), event("Put", "p/c", "3", 12)]);
  expect(changes.at(-1)).toBe("12: p/b=2 p/c=3");
});

test("reads all again after a compaction, and reports the difference", async () => {
  stored = new Map([["p/c", { value: "3", revision: 90 }]]);
  revision = 95;
  range.cancelled("compacted at revision 90");
  await clock.advance(100);
  expect(changes.at(-1)).toBe("95: p/c=3 p/a=-");
  expect(range.resumeFrom()).toBe(96);
});

test("reads all again when etcd is at an earlier revision than it was", async () => {
  stored = new Map([["p/a", { value: "restored", revision: 2 }]]);
  revision = 3;
  range.created(3);
  await clock.advance(100);
  expect(changes.at(-1)).toBe("3: p/a=restored");
  expect(range.resumeFrom()).toBe(4);
});

test("reads all again soon after a watch was resumed, in case etcd is another one", async () => {
  range.created(10);
  await clock.advance(10_000);
  expect(reads).toBe(1);
  range.created(20);
  await clock.advance(2400);
  expect(reads).toBe(1);
  await clock.advance(200);
  expect(reads).toBe(2);
});

test("reads all again every 5 to 10 minutes, and reports nothing when nothing changed", async () => {
  await clock.advance(449_000);
  expect(reads).toBe(1);
  await clock.advance(2000);
  expect(reads).toBe(2);
  expect(changes).toHaveLength(1);
});

test("does not read in a loop when the cause lasts", async () => {
  for (let n = 0; n < 600; n += 1) {
    range.created(1);
    await clock.advance(100);
  }
  expect(reads).toBeLessThan(70);
});

test("keeps what it has while etcd cannot be reached, and goes on trying", async () => {
  unreachable = true;
  range.cancelled("test");
  await clock.advance(60_000);
  expect(reads).toBeGreaterThan(50);
  expect(changes).toHaveLength(1);
  unreachable = false;
  stored.delete("p/a");
  await clock.advance(2000);
  expect(changes.at(-1)).toBe("10: p/a=-");
});

test("leaves nothing behind when it is closed", async () => {
  range.created(10);
  range.created(10);
  await ranges.close();
  expect(watching.size).toBe(0);
  expect(clock.pending).toBe(0);
});

test("reads all ranges at once, and resumes each from its own last event", async () => {
  stored.set("q", { value: "0", revision: 3 });
  other.cancelled("test");
  await clock.advance(100);
  expect(changes.at(-1)).toBe("10: q=0");
  range.changed([event("Put", "p/a", "2", 15)]);
  expect([range.resumeFrom(), other.resumeFrom()]).toEqual([16, 11]);
  other.changed([event("Put", "q", "1", 14)]);
  expect([range.resumeFrom(), other.resumeFrom()]).toEqual([16, 15]);
  // The revision of the whole does not go back.
  expect(changes.slice(-2)).toEqual(["15: p/a=2", "15: q=1"]);
});

test("watches all ranges again when one of them has a gap, none twice", async () => {
  other.cancelled("compacted at revision 90");
  expect(watching.size).toBe(2);
  await settled();
  expect(watching.size).toBe(0);
  await clock.advance(100);
  expect([...watching]).toEqual([range, other]);
  expect(reads).toBe(2);
});

test("reads all again when one range is resumed at a revision before that of the other", async () => {
  range.changed([event("Put", "p/a", "2", 15)]);
  revision = 12;
  other.created(12);
  await clock.advance(100);
  expect(reads).toBe(2);
  expect([range.resumeFrom(), other.resumeFrom()]).toEqual([13, 13]);
});

test("can be closed by what it reports", async () => {
  const closing = new WatchedRanges({
    ranges: [under("p/")],
    name: "p/",
    kv,
    hub,
    clock,
    random: () => 0.5,
    onChange: () => void closing.close(),
  });
  await settled();
  await closing.close();
  expect(watching.size).toBe(2);
});

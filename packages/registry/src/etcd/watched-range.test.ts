import type { IEvent, IRangeResponse } from "etcd3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock, settle as settled } from "@rollcall/testing/clock";
import { under } from "./keys.js";
import type { Link } from "./link.js";
import type { Watched, WatchHub } from "./watch-hub.js";
import { WatchedRange } from "./watched-range.js";

/** What a fake etcd holds: values by key, with their revisions. */
let stored: Map<string, { value: string; revision: number }>;
let revision: number;
let reads: number;
let unreachable: boolean;
let watching: Set<Watched>;
let changes: string[];
let clock: FakeClock;
let range: WatchedRange;

const kv = {
  async call(): Promise<Partial<IRangeResponse>> {
    reads += 1;
    if (unreachable) throw new Error("unreachable");
    const kvs = Array.from(stored, ([key, held]) => keyValue(key, held.value, held.revision));
    return { header: { revision: String(revision) } as IRangeResponse["header"], kvs };
  },
} as unknown as Link;

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
  range = new WatchedRange({
    range: under("p/"),
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
});
afterEach(() => range.close());

test("reads all, then watches from the revision after", () => {
  expect(changes).toEqual(["10: p/a=1"]);
  expect([...watching]).toEqual([range]);
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
  await range.close();
  expect(watching.size).toBe(0);
  expect(clock.pending).toBe(0);
});

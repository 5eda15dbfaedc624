import { EventEmitter } from "node:events";
import type { IWatchRequest } from "etcd3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock, settle as settled } from "@rollcall/testing/clock";
import { Auth } from "./auth.js";
import { under } from "./keys.js";
import type { Link } from "./link.js";
import { WatchHub, type Watched } from "./watch-hub.js";

class FakeStream extends EventEmitter {
  readonly requests: IWatchRequest[] = [];
  cancelled = false;

  write(request: IWatchRequest): void {
    this.requests.push(request);
  }

  cancel(): void {
    this.cancelled = true;
  }

  answer(id: number, response: object): void {
    const empty = {
      header: { revision: "1" },
      created: false,
      canceled: false,
      events: [],
      compact_revision: "0",
    };
    this.emit("data", { ...empty, cancel_reason: "", watch_id: String(id), ...response });
  }
}

class FakeWatched implements Watched {
  readonly range = under("p/");
  readonly heard: string[] = [];
  revision = 1;

  resumeFrom(): number {
    return this.revision;
  }

  created(revision: number): void {
    this.heard.push(`created ${revision}`);
  }

  changed(): void {
    this.heard.push("changed");
  }

  cancelled(why: string): void {
    this.heard.push(`cancelled: ${why}`);
  }
}

let streams: FakeStream[];
let failures: number;
let auth: Auth;
let clock: FakeClock;
let hub: WatchHub;
const [one, other] = [new FakeWatched(), new FakeWatched()];

beforeEach(async () => {
  [streams, failures] = [[], 0];
  for (const each of [one, other]) each.heard.length = 0;
  clock = new FakeClock();
  const open = async (): Promise<FakeStream> => {
    const stream = new FakeStream();
    streams.push(stream);
    return stream;
  };
  const link = {
    member: async () => ({ client: { watchClient: { watch: open } }, endpoint: "" }),
    worked: () => {},
    failed: () => (failures += 1),
  } as unknown as Link;
  auth = new Auth({ name: "a", password: "b" }, () => {
    throw new Error("not dialled");
  });
  hub = new WatchHub({ link, auth, openTimeoutMs: 3000, clock, random: () => 0.5 });
  hub.add(one);
  hub.add(other);
  await settled();
});
afterEach(async () => {
  await hub.close();
  expect(clock.pending).toBe(0);
  expect(streams.every(({ cancelled }) => cancelled)).toBe(true);
});

const creations = (stream: FakeStream | undefined): unknown[] =>
  (stream?.requests ?? []).flatMap(({ create_request: create }) => (create ? [create.start_revision] : []));

test("carries all watches on one stream, and resumes each from where it is on the next", async () => {
  expect(streams).toHaveLength(1);
  expect(creations(streams[0])).toEqual([1, 1]);
  one.revision = 7;
  streams[0]?.emit("error", new Error("connection lost"));
  await clock.advance(50);
  expect(creations(streams[1])).toEqual([7, 1]);
  expect(failures).toBe(1);
  one.revision = 1;
});

test("gives events and creations to the watch they are for", () => {
  streams[0]?.answer(2, { created: true, header: { revision: "9" } });
  streams[0]?.answer(2, { events: [{}] });
  streams[0]?.answer(99, { events: [{}] });
  expect(one.heard).toEqual([]);
  expect(other.heard).toEqual(["created 9", "changed"]);
});

test("ends only the watch that was compacted, which has no reason", () => {
  streams[0]?.answer(1, { created: true });
  streams[0]?.answer(1, { canceled: true, compact_revision: "40" });
  expect(one.heard.at(-1)).toBe("cancelled: compacted at revision 40");
  expect(other.heard).toEqual([]);
  expect(streams[0]?.cancelled).toBe(false);
});

test("ends the watches that were not created when etcd refuses one, and keeps the others", async () => {
  streams[0]?.answer(1, { created: true });
  streams[0]?.answer(-1, { created: true, canceled: true, cancel_reason: "etcdserver: permission denied" });
  expect(one.heard).toEqual(["created 1"]);
  expect(other.heard).toEqual(["cancelled: etcdserver: permission denied"]);
  await clock.advance(5000);
  expect(streams).toHaveLength(1);
});

test("opens a new stream with a new token when etcd refuses the old one", async () => {
  auth.token = "old";
  streams[0]?.answer(1, { created: true });
  streams[0]?.answer(-1, { created: true, canceled: true, cancel_reason: "etcdserver: invalid auth token" });
  expect(auth.token).toBeUndefined();
  await clock.advance(100);
  expect(creations(streams[1])).toEqual([1, 1]);
});

test("ends a stream that does not answer in time", async () => {
  await clock.advance(2900);
  expect(streams).toHaveLength(1);
  await clock.advance(200);
  expect(streams).toHaveLength(2);
});

test("asks a silent etcd whether it is there after 10 s, and leaves it after 20", async () => {
  streams[0]?.answer(1, { created: true });
  await clock.advance(10_000);
  const probe = Number(streams[0]?.requests.at(-1)?.create_request?.watch_id);
  expect(streams[0]?.requests.at(-1)?.create_request?.key).toEqual(one.range.key);
  const before = one.heard.length + other.heard.length;
  streams[0]?.answer(probe, { created: true });
  expect(streams[0]?.requests.at(-1)).toEqual({ cancel_request: { watch_id: probe } });
  streams[0]?.answer(probe, { events: [{}] });
  streams[0]?.answer(probe, { canceled: true });
  expect(one.heard.length + other.heard.length).toBe(before);
  await clock.advance(19_900);
  expect(streams).toHaveLength(1);
  await clock.advance(200);
  expect(streams).toHaveLength(2);
});

test("closes the stream when nothing is watched any more, which is no fault", async () => {
  hub.remove(one);
  expect(streams[0]?.requests.at(-1)).toEqual({ cancel_request: { watch_id: 1 } });
  hub.remove(other);
  await clock.advance(5000);
  expect(streams.map(({ cancelled }) => cancelled)).toEqual([true]);
  expect(failures).toBe(0);
  hub.add(one);
  await settled();
  expect(streams).toHaveLength(2);
});

test("waits longer after each failure in a row, and not after a success", async () => {
  const opened: number[] = [];
  const startedAt = clock.now();
  for (let n = 0; n < 4; n += 1) {
    streams.at(-1)?.emit("error", new Error("refused"));
    const { length } = streams;
    while (streams.length === length) await clock.advance(10);
    opened.push(clock.now() - startedAt);
  }
  expect(opened).toEqual([50, 150, 350, 750]);
  streams.at(-1)?.answer(1, { created: true });
  streams.at(-1)?.emit("error", new Error("lost"));
  await clock.advance(50);
  expect(streams).toHaveLength(6);
});

import { createFeed, type FeedSource, type Snapshot } from "@rollcall/core";
import { FakeClock, settle as settled } from "@rollcall/testing/clock";
import type { IEvent } from "etcd3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodePolicy } from "../policy.js";
import { followService } from "./discovery.js";
import type { Link } from "./link.js";
import type { Watched, WatchHub } from "./watch-hub.js";

const service = "shop.v1.Orders";
const policyKey = `rollout/${service}`;

let clock: FakeClock;
let feed: FeedSource<Snapshot>;
let watching: Watched[];
let published: Snapshot[];
let revision: number;
let stop: () => Promise<void>;

function keyValue(key: string, value: string): IEvent["kv"] {
  const [mod, none] = [String(revision), "0"];
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    mod_revision: mod,
    create_revision: mod,
    lease: none,
    version: "1",
  };
}

/** An event of the watch that has the key. */
function event(key: string, value: string | undefined): void {
  revision += 1;
  const type = value === undefined ? "Delete" : "Put";
  const watch = watching.find(({ range }) => key.startsWith(range.key.toString()));
  watch?.changed([{ type, kv: keyValue(key, value ?? "") } as IEvent]);
}

const instance = (port: number): string => JSON.stringify({ Op: 0, Addr: `10.0.0.1:${port}` });
const policy = (gen: number): string =>
  encodePolicy({ gen, stable: "1", rules: [], by: "", reason: "", at: 0 });

beforeEach(async () => {
  [watching, published, revision] = [[], [], 10];
  clock = new FakeClock();
  const plain = createFeed<Snapshot>();
  feed = {
    get current() {
      return plain.current;
    },
    next: (after, signal) => plain.next(after, signal),
    publish(snapshot) {
      published.push(snapshot);
      plain.publish(snapshot);
    },
  };
  const answer = { header: { revision: "10" }, responses: [{ response_range: { kvs: [] } }] };
  const kv = { call: async () => answer } as unknown as Link;
  const hub = {
    add: (watched: Watched) => watching.push(watched),
    remove: () => {},
  } as unknown as WatchHub;
  stop = followService(service, feed, { keyPrefix: "", kv, hub, clock, random: () => 0.5 });
  await settled();
});
afterEach(async () => {
  await stop();
  expect(clock.pending).toBe(0);
});

test("gathers changes of instances, and publishes a change of the policy at once", async () => {
  expect(published).toHaveLength(1);
  event(`services/${service}/a`, instance(1));
  event(`services/${service}/b`, instance(2));
  expect(published).toHaveLength(1);
  event(policyKey, policy(1));
  expect(published).toHaveLength(2);
  expect(feed.current).toMatchObject({ revision: 13, policy: { gen: 1 } });
  expect(feed.current?.instances).toHaveLength(2);
  event(policyKey, policy(2));
  expect(feed.current?.policy?.gen).toBe(2);
  event(policyKey, undefined);
  expect(feed.current).toMatchObject({ policyLost: true, policy: { gen: 2 } });
  await clock.advance(100);
  expect(published).toHaveLength(4);
});

test("publishes nothing for a document that is no policy", async () => {
  event(policyKey, policy(1));
  const before = feed.current;
  event(policyKey, "{");
  event(policyKey, policy(1));
  await clock.advance(100);
  expect(feed.current).toBe(before);
});

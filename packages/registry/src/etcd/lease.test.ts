import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock, settle as settled } from "@rollcall/testing/clock";
import { Lease } from "./lease.js";
import type { Link } from "./link.js";

/** What the fake etcd answers to a renewal; undefined for silence. */
let answer: number | undefined;
let renewals: number[];
let lost: { stalled: boolean }[];
let clock: FakeClock;
let lease: Lease;
let grantedAt: number;

class FakeStream extends EventEmitter {
  write(): void {
    renewals.push(clock.now() - grantedAt);
    const ttl = answer;
    if (ttl !== undefined)
      void Promise.resolve().then(() => this.emit("data", { ID: "7", TTL: String(ttl) }));
  }

  cancel(): void {}
}

const client = {
  leaseClient: {
    leaseGrant: async () => ({ ID: "7", TTL: "15" }),
    leaseKeepAlive: async () => new FakeStream(),
  },
};
const link = {
  call: (run: (its: typeof client) => unknown) => run(client),
  member: async () => ({ client, endpoint: "" }),
  worked: () => {},
  failed: () => {},
} as unknown as Link;

beforeEach(async () => {
  [answer, renewals, lost] = [15, [], []];
  clock = new FakeClock();
  grantedAt = clock.now();
  lease = await Lease.grant(
    {
      link,
      ttlMs: 15_000,
      timeoutMs: 3000,
      clock,
      random: () => 0.5,
      onLost: ({ stalled }) => lost.push({ stalled }),
    },
    new AbortController().signal,
  );
});
afterEach(async () => {
  lease.close();
  await settled();
  expect(clock.pending).toBe(0);
});

test("renews at a third of the time to live, less some jitter", async () => {
  await clock.advance(20_000);
  expect(renewals).toEqual([4750, 9500, 14_250, 19_000]);
});

test("is not lost because of a clock of ours, however long etcd is silent", async () => {
  answer = undefined;
  await clock.advance(600_000);
  expect(lost).toEqual([]);
  expect(renewals.length).toBeGreaterThan(100);
  answer = 15;
  await clock.advance(20_000);
  expect(lost).toEqual([]);
});

test("is lost when the server says so, once, and is renewed no more", async () => {
  answer = 0;
  await clock.advance(60_000);
  expect(lost).toEqual([{ stalled: false }]);
  expect(renewals).toHaveLength(1);
});

test("tells a process that was stopped from an etcd that was away", async () => {
  answer = 0;
  clock.skip(20_000);
  await clock.advance(1);
  expect(lost).toEqual([{ stalled: true }]);
});

test("knows that the process was stopped before its own timer has fired", () => {
  clock.skip(20_000);
  lease.lost();
  expect(lost).toEqual([{ stalled: true }]);
});

test("does not call an outage of etcd a stall", async () => {
  answer = undefined;
  await clock.advance(60_000);
  answer = 0;
  await clock.advance(10_000);
  expect(lost).toEqual([{ stalled: false }]);
});

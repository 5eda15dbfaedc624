import { FakeClock, settle as settled } from "@rollcall/testing/clock";
import { ClientClosedError, GRPCUnavailableError } from "etcd3";
import { beforeEach, expect, test } from "vitest";
import { persist } from "./persist.js";

let clock: FakeClock;
let attempts: number;
/** What each attempt ends with, the last one again and again. */
let outcomes: (string | Error)[];
let stop: AbortController;

beforeEach(() => {
  clock = new FakeClock();
  [attempts, outcomes, stop] = [0, [], new AbortController()];
});

function run(): Promise<string> {
  const attempt = async (): Promise<string> => {
    const outcome = outcomes[Math.min(attempts, outcomes.length - 1)];
    attempts += 1;
    if (typeof outcome === "string") return outcome;
    throw outcome ?? new Error("no outcome");
  };
  const done = persist("reading a key", attempt, { clock, random: () => 0.5 }, stop.signal);
  done.catch(() => {});
  return done;
}

test("repeats while etcd cannot be reached", async () => {
  outcomes = [new GRPCUnavailableError("down"), new ClientClosedError("kv"), "there"];
  const done = run();
  await clock.advance(500);
  await expect(done).resolves.toBe("there");
  expect(attempts).toBe(3);
});

test("throws what etcd refuses, at once", async () => {
  outcomes = [new Error("etcdserver: permission denied"), "there"];
  await expect(run()).rejects.toThrow("permission denied");
  expect(attempts).toBe(1);
});

test("ends with the signal, and says what it last failed of", async () => {
  outcomes = [new GRPCUnavailableError("down")];
  const done = run();
  await clock.advance(10_000);
  const reason = new Error("enough");
  stop.abort(reason);
  await expect(done).rejects.toThrow("reading a key failed: down");
  await expect(done).rejects.toMatchObject({ cause: reason });
  expect(attempts).toBeGreaterThan(5);
  expect(clock.pending).toBe(0);
});

test("ends with the signal's reason when nothing has failed", async () => {
  stop.abort(new Error("enough"));
  await expect(run()).rejects.toThrow(/^enough$/);
  await settled();
  expect(attempts).toBe(0);
});

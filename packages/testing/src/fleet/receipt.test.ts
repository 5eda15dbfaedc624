import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatReceipt } from "./format-receipt.js";
import { manualClock } from "./fixtures/manual-clock.js";
import { createReceipt, type CallRecord, type ReceiptRecorder } from "./receipt-recorder.js";
import type { Receipt } from "./receipt.js";
import type { Tally } from "./tally.js";

const outcomes = fc.constantFrom("ok", "appError", "cancelled", "dropped");
const calls: fc.Arbitrary<CallRecord[]> = fc.array(
  fc.record({
    outcome: outcomes,
    latencyMs: fc.double({ min: 0, max: 20_000, noNaN: true }),
    instance: fc.constantFrom(undefined, "a", "b", "c"),
    attempts: fc.constantFrom(undefined, 0, 1, 2, 3),
    step: fc.constantFrom(undefined, "steady", "kill", "restart all"),
  }),
  { maxLength: 60 },
);

function recorded(all: readonly CallRecord[]): ReceiptRecorder {
  const receipt = createReceipt({ clock: manualClock() });
  receipt.step("restart all", { outage: true });
  receipt.step("steady");
  for (const each of all) receipt.record(each);
  return receipt;
}

function balanced(tally: Tally): void {
  expect(tally.calls).toBe(tally.ok + tally.appErrors + tally.cancelled + tally.dropped);
  expect(tally.attempts).toBe(tally.calls + tally.retried);
}

function sum(tallies: readonly Tally[], field: keyof Tally): number {
  return tallies.reduce((total, each) => total + each[field], 0);
}

describe("the receipt", () => {
  it("balances as a whole, by instance and by step, whatever is recorded", () => {
    fc.assert(
      fc.property(calls, (all) => {
        const receipt = recorded(all).receipt();
        expect(receipt.calls).toBe(all.length);
        const instances = Object.values(receipt.perInstance);
        for (const tally of [receipt, ...instances, ...receipt.steps]) balanced(tally);
        for (const field of ["calls", "ok", "dropped", "attempts", "retried"] as const) {
          expect(sum(instances, field)).toBe(receipt[field]);
          expect(sum(receipt.steps, field)).toBe(receipt[field]);
        }
      }),
    );
  });

  it("is the same whether one recorder saw all calls or several were added up", () => {
    fc.assert(
      fc.property(calls, calls, (some, others) => {
        const whole = recorded([...some, ...others]);
        const parts = createReceipt({ clock: manualClock() });
        for (const part of [some, others]) parts.add(JSON.parse(JSON.stringify(recorded(part).data())));
        expect(withoutTimes(parts.receipt())).toEqual(withoutTimes(whole.receipt()));
      }),
    );
  });

  it("gives percentiles within 0.1 % and the maximum exactly", () => {
    const receipt = createReceipt({ clock: manualClock() });
    for (let ms = 1; ms <= 1000; ms++) receipt.record({ outcome: "ok", latencyMs: ms, instance: "a" });
    receipt.record({ outcome: "ok", latencyMs: 1234.5678, instance: "b" });
    const { p50Ms, p99Ms, maxMs, perInstance } = receipt.receipt();
    expect(Math.abs(p50Ms - 501)).toBeLessThanOrEqual(0.6);
    expect(Math.abs(p99Ms - 991)).toBeLessThanOrEqual(1);
    expect(maxMs).toBe(1234.5678);
    expect(perInstance["a"]?.maxMs).toBe(1000);
    expect(perInstance["b"]).toMatchObject({ p50Ms: 1234.5678, p99Ms: 1234.5678, maxMs: 1234.5678 });
  });

  it("is all zeroes before the first call", () => {
    const { steps, perInstance, ...numbers } = createReceipt().receipt();
    expect(steps).toEqual([]);
    expect(perInstance).toEqual({});
    expect(numbers).toMatchObject({ calls: 0, p50Ms: 0, p99Ms: 0, maxMs: 0, gapMs: 0, firstDropped: [] });
  });

  it("keeps an outage's latencies out of the figures and reports its longest time without a good answer", async () => {
    const clock = manualClock();
    const receipt = createReceipt({ clock });
    const ok = (latencyMs: number, step?: string): void =>
      receipt.record({ outcome: "ok", latencyMs, instance: "a", step });
    receipt.step("steady");
    await clock.advance(5000);
    ok(3);
    receipt.step("restart all", { outage: true });
    await clock.advance(10);
    ok(4);
    await clock.advance(1500);
    receipt.record({ outcome: "dropped", latencyMs: 1400, instance: "a" });
    await clock.advance(200);
    ok(1700);
    receipt.step("after");
    ok(1600, "restart all");
    ok(5);
    const { maxMs, gapMs, steps } = receipt.receipt();
    expect(maxMs).toBe(5);
    expect(gapMs).toBe(1700);
    expect(steps).toMatchObject([
      { name: "steady", durationMs: 5000, gapMs: 5000, maxMs: 3, outage: false },
      { name: "restart all", durationMs: 1710, gapMs: 1700, maxMs: 1700, outage: true },
      { name: "after", calls: 1, maxMs: 5 },
    ]);
  });

  it("counts a gap that is still open when the step ends", async () => {
    const clock = manualClock();
    const receipt = createReceipt({ clock });
    receipt.step("restart all", { outage: true });
    await clock.advance(700);
    expect(receipt.receipt().gapMs).toBe(700);
  });

  it("explains the first dropped calls, and only these", async () => {
    const clock = manualClock(0);
    const receipt = createReceipt({ clock });
    receipt.step("kill");
    await clock.advance(50);
    receipt.record({ outcome: "dropped", latencyMs: 7, error: new Error("[unavailable]: gone") });
    for (let n = 0; n < 30; n++) {
      receipt.record({ outcome: "dropped", latencyMs: n, instance: "a", error: { n } });
      receipt.record({ outcome: "appError", latencyMs: n, instance: "a", error: new Error("no such order") });
    }
    const { dropped, firstDropped } = receipt.receipt();
    expect(dropped).toBe(31);
    expect(firstDropped).toHaveLength(20);
    expect(firstDropped.slice(0, 2)).toEqual([
      {
        kind: "call",
        step: "kill",
        instance: "(none)",
        atMs: 50,
        latencyMs: 7,
        error: "[unavailable]: gone",
      },
      { kind: "call", step: "kill", instance: "a", atMs: 50, latencyMs: 0, error: "{ n: 0 }" },
    ]);
  });

  it("keeps streams apart from calls", () => {
    const receipt = createReceipt({ clock: manualClock() });
    receipt.step("restart a");
    receipt.stream({ event: "opened", instance: "a" });
    receipt.stream({ event: "messages", instance: "a", count: 10 });
    receipt.stream({ event: "reopened", instance: "b" });
    receipt.stream({ event: "dropped", instance: "b", error: new Error("reset") });
    const { calls, dropped, streams, perInstance, steps, firstDropped } = receipt.receipt();
    expect({ calls, dropped }).toEqual({ calls: 0, dropped: 0 });
    expect(streams).toEqual({ opened: 1, completed: 0, reopened: 1, dropped: 1, messages: 10 });
    expect(perInstance["b"]?.streams).toMatchObject({ reopened: 1, dropped: 1, messages: 0 });
    expect(steps).toMatchObject([{ name: "restart a", streamsDropped: 1 }]);
    expect(firstDropped).toMatchObject([{ kind: "stream", instance: "b", error: "reset" }]);
  });

  it("adds what the servers and the runner counted", () => {
    const receipt = createReceipt({ clock: manualClock() });
    receipt.served("a", { served: 10, duplicates: 1 });
    receipt.served("b", { served: 5, duplicates: 2 });
    receipt.restarted();
    receipt.restarted();
    receipt.killed();
    expect(receipt.receipt()).toMatchObject({ duplicates: 3, restarts: 2, kills: 1, calls: 0 });
  });
});

describe("formatReceipt", () => {
  it("shows the sums, the verdict and why calls were dropped", () => {
    const receipt = createReceipt({ clock: manualClock() });
    receipt.step("kill");
    receipt.record({ outcome: "ok", latencyMs: 2, instance: "a", attempts: 2 });
    receipt.record({ outcome: "dropped", latencyMs: 9, instance: "b", error: new Error("reset") });
    const text = formatReceipt(receipt.receipt(), { color: false });
    expect(text).toContain("calls     2 = 1 ok + 0 app errors + 0 cancelled + 1 dropped");
    expect(text).toContain("attempts  3 = 2 calls + 1 retried");
    expect(text).toContain('1 calls dropped\n  a call on b during "kill" after 9 ms: reset');
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/\u001B/);
    expect(formatReceipt(receipt.receipt(), { color: true })).toContain("\u001B[31m1 calls dropped");
  });
});

/** Two manual clocks that never moved agree; the order of dropped calls of one moment does not matter. */
function withoutTimes({ firstDropped, steps, ...rest }: Receipt): unknown {
  return {
    ...rest,
    dropped: firstDropped.length,
    steps: steps.toSorted((a, b) => a.name.localeCompare(b.name)),
  };
}

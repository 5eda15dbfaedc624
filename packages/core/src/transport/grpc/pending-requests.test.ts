import { EventEmitter } from "node:events";
import { FakeClock } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import { Code } from "../../code.js";
import type { InnerCall } from "./inner-call.js";
import { PendingRequests } from "./pending-requests.js";

interface FakeCall {
  readonly call: InnerCall;
  readonly stream: EventEmitter;
  readonly statuses: unknown[];
}

function fakeCall(): FakeCall {
  const stream = new EventEmitter();
  const statuses: unknown[] = [];
  const call = { stream, sendStatus: (status: unknown) => statuses.push(status) };
  return { call: call as unknown as InnerCall, stream, statuses };
}

function setup(maxPendingRequests: number, requestTimeoutMs: number) {
  const clock = new FakeClock();
  const pending = new PendingRequests({ maxPendingRequests, requestTimeoutMs }, { clock, random: () => 0 });
  const enter = (): FakeCall & { entered: boolean } => {
    const each = fakeCall();
    return { ...each, entered: pending.enter(each.call) };
  };
  return { clock, pending, enter };
}

describe("requests on their way", () => {
  it("end when they take too long, each in its own time", async () => {
    const { clock, pending, enter } = setup(0, 100);
    const first = enter();
    await clock.advance(60);
    const second = enter();
    await clock.advance(39);
    expect(first.statuses).toEqual([]);
    await clock.advance(1);
    expect(first.statuses).toEqual([
      { code: Code.DeadlineExceeded, details: "the request did not arrive within 100 ms" },
    ]);
    await clock.advance(59);
    expect(second.statuses).toEqual([]);
    await clock.advance(1);
    expect(second.statuses).toHaveLength(1);
    expect([pending.size, clock.pending]).toEqual([0, 0]);
  });

  it("are no longer watched once they have arrived or their stream is gone", async () => {
    const { clock, pending, enter } = setup(0, 100);
    const calls = [enter(), enter()];
    calls[0]!.stream.emit("end");
    calls[1]!.stream.emit("close");
    expect([pending.size, clock.pending]).toEqual([0, 0]);
    await clock.advance(200);
    expect(calls.flatMap((each) => each.statuses)).toEqual([]);
  });

  it("are refused above their number, with the time to wait", () => {
    const { pending, enter } = setup(2, 100);
    const first = enter();
    enter();
    const third = enter();
    expect(third.entered).toBe(false);
    expect(third.statuses).toMatchObject([{ code: Code.ResourceExhausted }]);
    expect(pending.size).toBe(2);
    first.stream.emit("end");
    expect(enter().entered).toBe(true);
  });

  it("may be any number and take any time where nothing is limited", async () => {
    const { clock, pending, enter } = setup(0, 0);
    for (let n = 0; n < 5_000; n++) expect(enter().entered).toBe(true);
    await clock.advance(1e9);
    expect([pending.size, clock.pending]).toEqual([5_000, 0]);
  });
});

import {
  createCall,
  Health,
  Metadata,
  okEnd,
  type Call,
  type Connection,
  type EndpointStats,
  type ServiceInstance,
} from "@rollcall/core";
import { expect, it } from "vitest";
import { createReceipt } from "../fleet/receipt-recorder.js";
import { EventLog } from "./event-log.js";
import { Ledger } from "./ledger.js";
import { firstOf, heldByProcess, observedTransport } from "./observed-transport.js";
import { FakeClock } from "../clock/fake-clock.js";

const instance = { id: "a", incarnation: "2-a" } as ServiceInstance;
const connection: Connection = {
  call: async () => ({
    header: new Metadata(),
    end: Promise.resolve(okEnd()),
    responseStream: false,
    response: {},
  }),
  state: "ready",
  onChange: () => () => {},
  close: () => Promise.resolve(),
};

function observe(faults: string[]): ReturnType<typeof observedTransport> {
  const clock = new FakeClock();
  const ledger = new Ledger(createReceipt({ clock }), new EventLog(clock));
  return observedTransport(
    { connect: () => connection },
    ledger,
    () => clock.now(),
    (text) => faults.push(text),
  );
}

function callThatFinds(stats: EndpointStats): Call {
  const parts = { method: Health.methods.check, metadata: new Metadata(), deadline: Infinity, request: {} };
  const call = createCall(parts);
  call.attempts.push({ instance, connection: "ready", weightAt: () => 1, stats });
  return call;
}

/** What is said of a process whose first call finds these statistics. */
async function faultsWith(stats: EndpointStats): Promise<readonly string[]> {
  const faults: string[] = [];
  const observed = observe(faults);
  const held = observed.connect(instance);
  for (let n = 0; n < 2; n++) await held.call(callThatFinds(stats));
  expect(observed.held.size).toBe(1);
  await held.close(0);
  expect(observed.held.size).toBe(0);
  return faults;
}

it("tells a process whose statistics are not its own", async () => {
  const fresh = { inflight: 1, latencyMs: 0, successRate: 1 };
  expect(await faultsWith(fresh)).toEqual([]);
  const fault = "the first call to a (2-a) found statistics of another process";
  expect(await faultsWith({ ...fresh, latencyMs: 12 })).toEqual([fault]);
  expect(await faultsWith({ ...fresh, successRate: 0.5 })).toEqual([fault]);
  expect(await faultsWith({ ...fresh, inflight: 7 })).toEqual([fault]);
});

it("takes a second connection for what it is, and forgets that when the first is gone", async () => {
  const faults: string[] = [];
  const observed = observe(faults);
  const [first, second] = [observed.connect(instance), observed.connect(instance)];
  await second.call(callThatFinds({ inflight: 17, latencyMs: 12, successRate: 1 }));
  expect(faults).toEqual([]);
  expect([...heldByProcess(observed)].map(([process, { length }]) => [process, length])).toEqual([
    ["a (2-a)", 2],
  ]);
  const [, of] = [...observed.held];
  expect(firstOf(observed, instance)).not.toBe(of);
  await first.close(0);
  expect(firstOf(observed, instance)).toBe(of);
});

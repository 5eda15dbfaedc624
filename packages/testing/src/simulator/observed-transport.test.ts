import {
  createCall,
  Health,
  Metadata,
  okEnd,
  type Connection,
  type EndpointStats,
  type ServiceInstance,
} from "@rollcall/core";
import { expect, it } from "vitest";
import { createReceipt } from "../fleet/receipt-recorder.js";
import { EventLog } from "./event-log.js";
import { Ledger } from "./ledger.js";
import { observedTransport } from "./observed-transport.js";
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

/** What is said of a process whose first call finds these statistics. */
async function faultsWith(stats: EndpointStats): Promise<readonly string[]> {
  const clock = new FakeClock();
  const ledger = new Ledger(createReceipt({ clock }), new EventLog(clock));
  const faults: string[] = [];
  const observed = observedTransport(
    { connect: () => connection },
    ledger,
    () => clock.now(),
    (text) => faults.push(text),
  );
  const held = observed.connect(instance);
  const parts = { method: Health.methods.check, metadata: new Metadata(), deadline: Infinity, request: {} };
  for (let n = 0; n < 2; n++) {
    const call = createCall(parts);
    call.attempts.push({ instance, connection: "ready", weightAt: () => 1, stats });
    await held.call(call);
  }
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

import { FakeClock, settle } from "@rollcall/testing/clock";
import { beforeEach, describe, expect, it } from "vitest";
import type { Call, Reply } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn } from "../fixtures/contracts.js";
import { answer } from "../fixtures/fake-transport.js";
import type { Endpoint } from "../ports/endpoint.js";
import { createRoutes, type Routes } from "../routing/routes.js";
import { clientPipeline, type Destination } from "./create-pipeline.js";

const routes = createRoutes(undefined, []);

/** A destination whose calls wait until they are let go, or end when they are cancelled. */
class Queue implements Destination {
  routes: Routes | undefined = routes;
  /** Calls that wait, each with how it is sent, which does not end it. */
  readonly waiting: { call: Call; send: () => void }[] = [];
  readonly ends: (() => void)[] = [];
  isOpen = false;

  readonly send = (call: Call): Promise<Reply> =>
    new Promise((resolve, reject) => {
      call.onCancel(reject);
      const send = (): void => {
        call.attempts.push({} as Endpoint);
        this.ends.push(() => resolve(answer()));
      };
      if (this.isOpen) send();
      else this.waiting.push({ call, send });
    });

  routed(call: Call): Promise<Routes> {
    return new Promise((resolve, reject) => {
      call.onCancel(reject);
      this.waiting.push({ call, send: () => resolve(routes) });
    });
  }
}

let queue: Queue;
let clock: FakeClock;
let outcomes: string[];

beforeEach(() => {
  [queue, clock, outcomes] = [new Queue(), new FakeClock(), []];
});

function client(maxPendingCalls?: number): (count: number) => Promise<Call[]> {
  const pipeline = clientPipeline(queue, { clock, random: () => 0.5, interceptors: [], maxPendingCalls });
  return async (count) => {
    const calls = Array.from({ length: count }, () => callOn());
    for (const call of calls)
      pipeline(call).then(
        () => outcomes.push("ok"),
        (error: RpcError) => outcomes.push(`${error.code} ${error.processed}`),
      );
    await settle();
    return calls;
  };
}

const rejected = `${Code.ResourceExhausted} no`;

describe("the calls of a client that wait", () => {
  it("are 10,000 at most: the next fails at once, not processed", async () => {
    const make = client();
    await make(10_000);
    expect(outcomes).toEqual([]);
    await make(3);
    expect(outcomes).toEqual([rejected, rejected, rejected]);
  });

  it("are as many as the option says, and the error says how to have more", async () => {
    const make = client(2);
    await make(2);
    const [late] = await make(1);
    expect(late?.cancelReason).toMatchObject({
      message:
        "test.v1.Echo/Say [resource_exhausted]: 2 calls of this client wait for an endpoint already; raise maxPendingCalls to let more wait",
    });
  });

  it("give their place up when they are sent, though they have not ended, and when they are cancelled", async () => {
    const make = client(2);
    const [, cancelled] = await make(2);
    queue.waiting[0]?.send();
    await make(1);
    expect(outcomes).toEqual([]);
    await make(1);
    expect(outcomes).toEqual([rejected]);
    cancelled?.cancel(new RpcError(Code.Cancelled, "enough"));
    await settle();
    await make(1);
    expect(outcomes).toEqual([rejected, `${Code.Cancelled} unknown`]);
    for (const end of queue.ends) end();
    await settle();
    expect(outcomes).toContain("ok");
  });

  it("are found among many that were sent, whichever those are", async () => {
    const make = client(1_000);
    await make(1_000);
    // The first 500 have to wait on.
    for (const { send } of queue.waiting.slice(500)) send();
    const before = outcomes.length;
    await make(64);
    expect(outcomes.slice(before).filter((each) => each === rejected).length).toBeLessThanOrEqual(
      500 / 64 + 1,
    );
    await make(400);
    expect(outcomes.slice(before).filter((each) => each === rejected).length).toBeLessThanOrEqual(
      500 / 64 + 1,
    );
  });

  it("are not those under way", async () => {
    queue.isOpen = true;
    const make = client(0);
    await make(5_000);
    expect(outcomes).toEqual([]);
    expect(queue.ends).toHaveLength(5_000);
  });

  it("are also those that wait for the registry's first answer", async () => {
    queue.routes = undefined;
    const make = client(1);
    await make(1);
    await make(1);
    expect(outcomes).toEqual([rejected]);
    queue.isOpen = true;
    queue.waiting[0]?.send();
    await settle();
    queue.ends[0]?.();
    await settle();
    expect(outcomes).toEqual([rejected, "ok"]);
  });
});

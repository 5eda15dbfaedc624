import { Code, RpcError, type ServerCallContext } from "@rollcall/app";
import { testApp, type TestApp } from "@rollcall/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Billing, Orders, type ChargeRequest } from "../fixtures/gen/shop/v1/shop.js";
import { OrdersRepository, OrdersService } from "./shop.js";

const services = [OrdersService];
const paid = { charge: async () => ({ ok: true }) };

/** Never answers; what ended the call ends it. */
function hangs(ended: RpcError[] = []): {
  charge(request: ChargeRequest, ctx: ServerCallContext): Promise<never>;
} {
  return {
    charge: (_, ctx) =>
      new Promise((_resolve, reject) =>
        ctx.onCancel((reason) => {
          ended.push(reason);
          reject(reason);
        }),
      ),
  };
}

/** Answers `unavailable` until it has been asked `times` times. */
function flaky(app: TestApp, times: number): { find(): object } {
  return {
    find() {
      if (app.calls(Orders).get.length < times) throw new RpcError(Code.Unavailable, "not yet");
      return { id: "late" };
    },
  };
}

describe("time in a test app", () => {
  it("ends a call at its deadline, and with it the call that its handler waits for", async () => {
    const ended: RpcError[] = [];
    await using app = await testApp({ services }).fake(Billing, hangs(ended));
    const call = app.client(Orders).get({ id: "1" }, { timeoutMs: 300 });
    await app.advance(299);
    expect(app.calls(Billing).charge[0]?.code).toBeUndefined();
    await app.advance(1);
    await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    expect(ended.map(({ code }) => code)).toEqual([Code.DeadlineExceeded]);
    expect(app.calls(Billing).charge[0]?.code).toBe(Code.DeadlineExceeded);
  });

  it("hands a method's own timeout down to the calls it makes", async () => {
    await using app = await testApp({ services }).fake(Billing, hangs());
    const call = app.client(Orders).get({ id: "1" });
    await app.advance(0);
    expect(app.calls(Orders).get[0]?.deadline).toBe(app.clock.now() + 800);
    expect(app.calls(Billing).charge[0]?.deadline).toBe(app.clock.now() + 800);
    await app.advance(800);
    await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("cancels what a handler waits for when the caller has gone", async () => {
    const ended: RpcError[] = [];
    await using app = await testApp({ services }).fake(Billing, hangs(ended));
    const caller = new AbortController();
    const call = app.client(Orders).get({ id: "1" }, { signal: caller.signal });
    await app.advance(5);
    caller.abort();
    await expect(call).rejects.toMatchObject({ code: Code.Cancelled });
    await app.advance(0);
    expect(ended.map(({ code }) => code)).toEqual([Code.Cancelled]);
  });

  it("repeats an idempotent call after a pause of the clock, which the seed decides", async () => {
    const attempts = async (seed: number): Promise<number[]> => {
      const repository: { find?: () => object } = {};
      await using app = await testApp({ services, seed })
        .fake(Billing, paid)
        .override(OrdersRepository, { find: () => repository.find?.() ?? {} });
      Object.assign(repository, flaky(app, 3));
      const from = app.clock.now();
      const call = app.client(Orders).get({ id: "1" });
      await app.advance(0);
      expect(app.calls(Orders).get.length).toBe(1);
      // Two backoffs, and a moment for the one instance that has failed the call.
      await app.advance(25 + 75 + 50 + 75);
      expect(await call).toMatchObject({ id: "late" });
      return app.calls(Orders).get.map(({ atMs }) => atMs - from);
    };
    const first = await attempts(1);
    expect(first).toHaveLength(3);
    expect(await attempts(1)).toEqual(first);
    expect(await attempts(2)).not.toEqual(first);
  });

  it("takes the time that the network is given", async () => {
    await using app = await testApp({ services, latencyMs: 5 }).fake(Billing, paid);
    const from = app.clock.now();
    let answeredMs = 0;
    const call = app.client(Orders).get({ id: "1" });
    void call.then(() => (answeredMs = app.clock.now() - from));
    await app.advance(100);
    await call;
    // Both connections, the hello on the first, and both calls there and back.
    expect(answeredMs).toBe(10 + 10 + 5 + 5 + 5 + 5);
  });

  it("drains as on SIGTERM: no new calls, those in flight end, streams are told", async () => {
    let release = (): void => {};
    await using app = await testApp({ services }).fake(Billing, {
      charge: () => new Promise((resolve) => (release = () => resolve({ ok: true }))),
    });
    const orders = app.client(Orders);
    const inflight = orders.get({ id: "1" }, { timeoutMs: 5_000 });
    const stream = orders.watch({ count: 0 }, { reopen: false })[Symbol.asyncIterator]();
    expect(await stream.next()).toMatchObject({ value: { id: "first" } });
    const next = stream.next();
    await app.advance(0);
    const drained = app.drain();
    await app.advance(500);
    await expect(next).rejects.toMatchObject({ code: Code.Unavailable, reason: "the server is draining" });
    const late = orders.get({ id: "2" }, { timeoutMs: 100 });
    await app.advance(100);
    await expect(late).rejects.toMatchObject({ code: Code.Unavailable });
    release();
    expect(await inflight).toMatchObject({ id: "1" });
    await drained;
  });

  it("stops without hands on the clock, and cuts a call that outlasts the grace period", async () => {
    await using app = await testApp({ services, gracePeriodMs: 2_000 }).fake(Billing, hangs());
    const call = app.client(Orders).put({ id: "1" });
    await call;
    const hung = app.client(Orders).get({ id: "1" }, { timeoutMs: 60_000 });
    await app.advance(1);
    const from = app.clock.now();
    await app.stop();
    await expect(hung).rejects.toBeInstanceOf(RpcError);
    expect(app.clock.now() - from).toBeLessThan(3_000);
  });

  it("is disposed of at once while calls and streams are open", async () => {
    let stream: AsyncIterator<object> | undefined;
    {
      await using app = await testApp({ services }).fake(Billing, hangs());
      void app.client(Orders).get({ id: "1" });
      stream = app.client(Orders).watch({ count: 0 })[Symbol.asyncIterator]();
      await stream.next();
    }
    await expect(stream.next()).rejects.toBeInstanceOf(RpcError);
  });
});

describe("a call that waits for a clock which stands still", () => {
  afterEach(() => void vi.useRealTimers());

  it("is told about once, with what to do", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const warnings: unknown[][] = [];
    const emit = vi.spyOn(process, "emitWarning").mockImplementation((...args) => void warnings.push(args));
    try {
      await using app = await testApp({ services }).fake(Billing, hangs());
      void app.client(Orders).get({ id: "1" });
      await app.advance(0);
      vi.advanceTimersByTime(10_000);
      expect(warnings).toEqual([
        [
          "shop.v1.Orders/Get has had no answer for 1000 ms, and the test's clock stands still: " +
            "the next timer is due in 800 ms of it; move it on with app.advance(800)",
          "RollcallTestWarning",
        ],
      ]);
    } finally {
      emit.mockRestore();
    }
  });
});

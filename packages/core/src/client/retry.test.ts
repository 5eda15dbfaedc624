import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { Call, Handler } from "../call/call.js";
import { Code } from "../code.js";
import type { MethodContract } from "../contract/contract.js";
import { RpcError, type Processed } from "../errors.js";
import { callOn, method } from "../fixtures/contracts.js";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { answer } from "../fixtures/fake-transport.js";
import { RequestStream } from "./request-stream.js";
import { retry, type RetryOptions } from "./retry.js";

const idempotent = method("unary", { idempotent: true });

function failure(processed: Processed, code: Code = Code.Unavailable): RpcError {
  return new RpcError(code, `failed ${processed}`, { processed });
}

/** Fails as told, one outcome per attempt, then answers. */
function script(...outcomes: (RpcError | undefined)[]): { next: Handler; attempts: Call[] } {
  const attempts: Call[] = [];
  return {
    attempts,
    next: async (call) => {
      const outcome = outcomes[attempts.length];
      attempts.push(call);
      if (outcome) throw outcome;
      return answer({ attempt: attempts.length });
    },
  };
}

function setup(options?: RetryOptions): { clock: FakeClock; interceptor: ReturnType<typeof retry> } {
  const clock = new FakeClock();
  return { clock, interceptor: retry({ clock, random: () => 1 }, options) };
}

describe("retry", () => {
  it("sends an idempotent call up to 3 times when it may have run", async () => {
    const { clock, interceptor } = setup();
    const { next, attempts } = script(...Array<RpcError>(5).fill(failure("unknown")));
    const reply = interceptor(next)(callOn(idempotent));
    reply.catch(() => {});
    await clock.advance(10_000);
    await expect(reply).rejects.toMatchObject({ reason: "failed unknown" });
    expect(attempts).toHaveLength(3);
  });

  it("waits between such attempts: full jitter over 25 ms, doubling, 1 s at most", async () => {
    const clock = new FakeClock();
    const interceptor = retry({ clock, random: () => 1 }, { maxAttempts: 10 });
    const times: number[] = [];
    const from = clock.now();
    const next: Handler = async () => {
      times.push(clock.now() - from);
      throw failure("unknown");
    };
    interceptor(next)(callOn(idempotent)).catch(() => {});
    await clock.advance(60_000);
    expect(times.map((time, n) => time - (times[n - 1] ?? 0))).toEqual([
      0, 25, 50, 100, 200, 400, 800, 1000, 1000, 1000,
    ]);
  });

  it("never repeats a call that may have run and is not idempotent", async () => {
    const { interceptor } = setup();
    for (const processed of ["unknown", "yes"] as const) {
      const { next, attempts } = script(failure(processed));
      await expect(interceptor(next)(callOn())).rejects.toMatchObject({ processed });
      expect(attempts).toHaveLength(1);
    }
  });

  it("repeats nothing but unavailable", async () => {
    const { interceptor } = setup();
    for (let code = 1; code <= 16; code++) {
      if (code === Code.Unavailable) continue;
      for (const processed of ["no", "unknown", "yes"] as const) {
        const { next, attempts } = script(failure(processed, code as Code));
        await expect(interceptor(next)(callOn(idempotent))).rejects.toMatchObject({ code });
        expect(attempts).toHaveLength(1);
      }
    }
  });

  it("goes on with an unprocessed call whatever the method, at once, and outside of the budget", async () => {
    const { clock, interceptor } = setup({ maxAttempts: 1, budget: { reserve: 0 } });
    const { next, attempts } = script(...Array<RpcError>(50).fill(failure("no")));
    expect(await interceptor(next)(callOn())).toMatchObject({ response: { attempt: 51 } });
    expect(attempts).toHaveLength(51);
    expect(clock.pending).toBe(0);
  });

  it("does not count unprocessed attempts among the 3", async () => {
    const { clock, interceptor } = setup();
    const { next, attempts } = script(failure("no"), failure("unknown"), failure("no"), failure("yes"));
    const reply = interceptor(next)(callOn(idempotent));
    await clock.advance(1_000);
    expect(await reply).toMatchObject({ response: { attempt: 5 } });
    expect(attempts).toHaveLength(5);
  });

  it("lets an attempt be given up where it is repeated then, and counts that once", async () => {
    const { clock, interceptor } = setup({ budget: { reserve: 3, refillPerSecond: 0 } });
    const claims: (boolean | undefined)[] = [];
    const giveUp: Handler = async (call) => {
      const claimed = call.claimRetry?.();
      claims.push(claimed, call.with({}).claimRetry?.());
      if (claimed) throw failure("unknown");
      return answer({});
    };
    const reply = interceptor(giveUp)(callOn(idempotent));
    await clock.advance(1_000);
    await reply;
    // Two of three attempts, and two of three tokens: the last attempt is left where it is.
    expect(claims).toEqual([true, true, true, true, false, false]);
    const next = interceptor(giveUp)(callOn(idempotent));
    await clock.advance(1_000);
    await next;
    expect(claims.slice(6)).toEqual([true, true, false, false]);
    await interceptor(giveUp)(callOn());
    expect(claims.slice(10)).toEqual([false, false]);
  });

  it("stops when the budget is spent: 10 at first, then one per five successes", async () => {
    const { clock, interceptor } = setup({ budget: { refillPerSecond: 0 } });
    let failing = true;
    let sent = 0;
    const handler = interceptor(async () => {
      sent++;
      if (failing) throw failure("unknown");
      return answer();
    });
    const calls = async (count: number, pauseMs = 1_000): Promise<void> => {
      for (let n = 0; n < count; n++) {
        handler(callOn(idempotent)).catch(() => {});
        await clock.advance(pauseMs);
      }
    };
    await calls(20);
    expect(sent - 20).toBe(10);
    failing = false;
    await calls(10, 100);
    failing = true;
    sent = 0;
    await calls(20);
    expect(sent - 20).toBe(2);
  });

  describe("with a server's push-back", () => {
    const pushed = (value: string, code: Code = Code.Unavailable): RpcError => {
      const trailer = new Metadata();
      trailer.set("grpc-retry-pushback-ms", value);
      return new RpcError(code, "busy", { origin: "remote", processed: "yes", trailer });
    };
    /** The attempts of one call, by when they were made. */
    async function attemptsOf(
      outcomes: (RpcError | undefined)[],
      change: { called?: MethodContract; timeoutMs?: number; options?: RetryOptions } = {},
    ): Promise<{ times: number[]; outcome: string; tookMs: number }> {
      const { called = idempotent, timeoutMs = Infinity, options } = change;
      const { clock, interceptor } = setup(options);
      const from = clock.now();
      const times: number[] = [];
      const handler = interceptor(async () => {
        const outcome = outcomes[times.length];
        times.push(clock.now() - from);
        if (outcome) throw outcome;
        return answer();
      });
      let tookMs = -1;
      let outcome = "pending";
      handler(callOn(called, { deadline: from + timeoutMs })).then(
        () => ([outcome, tookMs] = ["ok", clock.now() - from]),
        (error: RpcError) => ([outcome, tookMs] = [error.reason, clock.now() - from]),
      );
      await clock.advance(100_000);
      return { times, outcome, tookMs };
    }

    it("waits exactly as long as it says instead of its own backoff", async () => {
      expect(await attemptsOf([pushed("700"), pushed("0"), undefined])).toMatchObject({
        times: [0, 700, 700],
        outcome: "ok",
      });
    });

    it("repeats resource_exhausted too, of idempotent methods alone", async () => {
      const busy = [pushed("40", Code.ResourceExhausted), undefined];
      expect(await attemptsOf(busy)).toMatchObject({ times: [0, 40], outcome: "ok" });
      expect(await attemptsOf(busy, { called: method() })).toMatchObject({ times: [0], outcome: "busy" });
      expect(await attemptsOf([pushed("40", Code.Internal), undefined])).toMatchObject({ times: [0] });
    });

    it("does not repeat when it says so, or nothing that can be read", async () => {
      for (const value of ["-1", "soon", "1.5", "99999999999"])
        for (const code of [Code.Unavailable, Code.ResourceExhausted])
          expect(await attemptsOf([pushed(value, code), undefined])).toEqual({
            times: [0],
            outcome: "busy",
            tookMs: 0,
          });
    });

    it("fails at once when that would be beyond the deadline, or beyond a minute", async () => {
      expect(await attemptsOf([pushed("500"), undefined], { timeoutMs: 500 })).toMatchObject({
        times: [0],
        tookMs: 0,
      });
      expect(await attemptsOf([pushed("499"), undefined], { timeoutMs: 500 })).toMatchObject({
        times: [0, 499],
      });
      expect(await attemptsOf([pushed("60000"), undefined])).toMatchObject({ times: [0, 60_000] });
      for (const value of ["60001", "2147483647"])
        expect(await attemptsOf([pushed(value), undefined])).toMatchObject({ times: [0], tookMs: 0 });
    });

    it("stays within the attempts and the budget", async () => {
      const always = Array<RpcError>(20).fill(pushed("0"));
      expect((await attemptsOf(always)).times).toHaveLength(3);
      const broke = { maxAttempts: 20, budget: { reserve: 2, refillPerSecond: 0 } };
      expect((await attemptsOf(always, { options: broke })).times).toHaveLength(3);
    });
  });

  it("remembers the endpoints tried across attempts of one call, not across calls", async () => {
    const { interceptor } = setup();
    const seen: number[] = [];
    const handler = interceptor(async (call) => {
      seen.push(call.tried.length);
      call.tried.push({} as never);
      if (seen.length % 2 === 1) throw failure("no");
      return answer();
    });
    await handler(callOn());
    await handler(callOn());
    expect(seen).toEqual([0, 1, 0, 1]);
  });

  it("gives up at once when the call is cancelled, also while it waits", async () => {
    const { clock, interceptor } = setup();
    const call = callOn(idempotent);
    const { next, attempts } = script(failure("unknown"));
    const reply = interceptor(next)(call);
    await settle();
    const reason = new RpcError(Code.Cancelled, "enough");
    call.cancel(reason);
    await expect(reply).rejects.toBe(reason);
    expect(attempts).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("passes on what is no RpcError as internal", async () => {
    const { interceptor } = setup();
    const cause = new TypeError("bug");
    await expect(interceptor(() => Promise.reject(cause))(callOn(idempotent))).rejects.toMatchObject({
      code: Code.Internal,
      cause,
    });
  });

  it("sends the whole request stream again, though the attempt before left it in the middle", async () => {
    const { interceptor } = setup();
    const requests = new RequestStream(
      (async function* () {
        for (let n = 0; n < 5; n++) yield { n };
      })(),
    );
    const received: object[][] = [];
    const handler = interceptor(async (call) => {
      const all: object[] = [];
      received.push(all);
      for await (const message of call.request as AsyncIterable<object>) {
        all.push(message);
        if (received.length === 1 && all.length === 2) throw failure("no");
      }
      return answer();
    });
    await handler(callOn(method("client_streaming"), { request: requests }));
    expect(received.map((all) => all.length)).toEqual([2, 5]);
  });

  it("fails when a request stream has outgrown the replay buffer", async () => {
    const { interceptor } = setup();
    let attempts = 0;
    const handler = interceptor(async (call) => {
      attempts++;
      for await (const _ of call.request as AsyncIterable<object>);
      throw failure("no");
    });
    const requests = (async function* () {
      for (let n = 0; n < 65; n++) yield { n };
    })();
    await expect(handler(callOn(method("client_streaming"), { request: requests }))).rejects.toMatchObject({
      processed: "no",
    });
    expect(attempts).toBe(1);
  });
});

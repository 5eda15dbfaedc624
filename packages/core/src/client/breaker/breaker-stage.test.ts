import { FakeClock, settle } from "@rollcall/testing/clock";
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Call, Handler } from "../../call/call.js";
import { Code } from "../../code.js";
import { RpcError } from "../../errors.js";
import { callOn, method } from "../../fixtures/contracts.js";
import { fakeLogger } from "../../fixtures/fake-logger.js";
import { answer, streamAnswer } from "../../fixtures/fake-transport.js";
import type { Endpoint } from "../../ports/endpoint.js";
import { breakerOpen } from "./breaker-open.js";
import type { BreakerOptions } from "./breaker-options.js";
import { breaker } from "./breaker-stage.js";

let clock: FakeClock;
/** Calls that the stage let through. */
let sent: Call[];
let handler: Handler;
let log: ReturnType<typeof fakeLogger>;
/** How the server behind answers. */
let respond: Handler;

const unavailable = (): RpcError =>
  new RpcError(Code.Unavailable, "sick", { origin: "remote", processed: "yes" });
const fail =
  (error: () => unknown): Handler =>
  async () => {
    throw error();
  };

function setup(options?: BreakerOptions): void {
  clock = new FakeClock();
  sent = [];
  log = fakeLogger();
  respond = async () => answer();
  handler = breaker(
    { clock, logger: log.logger },
    options,
  )(async (call) => {
    sent.push(call);
    call.attempts.push({} as Endpoint);
    return respond(call);
  });
}

/** Makes calls one after the other; resolves with what each failed with. */
async function calls(count: number, make: () => Call = () => callOn()): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (let n = 0; n < count; n++)
    errors.push(
      await handler(make()).then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
  return errors;
}

async function opened(): Promise<void> {
  respond = fail(unavailable);
  await calls(20);
  sent.length = 0;
}

beforeEach(() => setup());

describe("the breaker of a client", () => {
  it("refuses at once what would fail, and says why in words and as a value", async () => {
    await opened();
    clock.skip(800);
    const [error] = await calls(1);
    expect(sent).toHaveLength(0);
    expect(error).toMatchObject({
      code: Code.Unavailable,
      processed: "no",
      origin: "local",
      message:
        'test.v1.Echo/Say [unavailable]: the breaker of subset "stable" is open: 20 of 20 calls failed; next try in 4200 ms',
    });
    expect(breakerOpen(error)).toMatchObject({ subset: "stable", state: "open", failures: 20, calls: 20 });
    expect(breakerOpen(unavailable())).toBeUndefined();
  });

  it("is one per method and subset", async () => {
    await opened();
    const route = {
      subset: { name: "version=2", members: new Set<string>() },
      reason: "5 %",
      lane: undefined,
    };
    const [other, canary, stable] = await Promise.all([
      calls(1, () => callOn(method("unary", { path: "/test.v1.Echo/Shout" }))),
      calls(1, () => callOn().with({ route })),
      calls(1),
    ]);
    expect([other, canary].map(([error]) => breakerOpen(error))).toEqual([undefined, undefined]);
    expect(breakerOpen(stable?.[0])).toBeDefined();
  });

  it.each([
    Code.Unknown,
    Code.DeadlineExceeded,
    Code.ResourceExhausted,
    Code.Internal,
    Code.Unavailable,
    Code.DataLoss,
  ])("counts the server's fault %i", async (code) => {
    respond = fail(() => new RpcError(code, "", { origin: "remote" }));
    await calls(21);
    expect(sent).toHaveLength(20);
  });

  it.each([
    Code.Cancelled,
    Code.InvalidArgument,
    Code.NotFound,
    Code.AlreadyExists,
    Code.PermissionDenied,
    Code.FailedPrecondition,
    Code.Aborted,
    Code.OutOfRange,
    Code.Unimplemented,
    Code.Unauthenticated,
  ])("does not count %i, which is the caller's, and lets it decide no probe", async (code) => {
    respond = fail(() => new RpcError(code, "", { origin: "remote" }));
    await calls(100);
    expect(sent).toHaveLength(100);
    await opened();
    await clock.advance(5_000);
    respond = fail(() => new RpcError(code, "", { origin: "remote" }));
    await calls(10);
    expect(sent).toHaveLength(10);
    expect(log.lines.map(({ msg }) => msg)).not.toContain("breaker closed: calls go through again");
  });

  it("counts no call that was sent nowhere, also when it is one that was opened again", async () => {
    const nowhere = breaker({ clock })(fail(unavailable));
    const reopened = callOn();
    reopened.attempts.push({} as Endpoint);
    for (let n = 0; n < 100; n++) {
      const error = await nowhere(n % 2 ? callOn() : reopened).catch((each: unknown) => each);
      expect(breakerOpen(error)).toBeUndefined();
    }
  });

  it.each([Code.Internal, Code.Unavailable])("counts no call that no handler saw: %i", async (code) => {
    respond = fail(() => new RpcError(code, "it was not sent", { processed: "no" }));
    await calls(100);
    expect(sent).toHaveLength(100);
  });

  it("judges a stream at its headers: what comes after is not the breaker's", async () => {
    const watch = method("server_streaming");
    const broken = async function* () {
      yield {};
      throw unavailable();
    };
    respond = async (call) => streamAnswer(broken(), call);
    for (let n = 0; n < 50; n++) {
      const reply = await handler(callOn(watch));
      if (!reply.responseStream) throw new Error("not a stream");
      await expect(
        (async () => {
          for await (const _ of reply.response);
        })(),
      ).rejects.toThrow("sick");
    }
    expect(sent).toHaveLength(50);
    respond = fail(unavailable);
    await calls(60, () => callOn(watch));
    // 50 good ones and as many bad ones are half.
    expect(sent).toHaveLength(100);
  });

  it("lets exactly 3 of 1,000 calls at once reach the server when it is half-open", async () => {
    await opened();
    await clock.advance(5_000);
    const held: (() => void)[] = [];
    respond = async () => {
      await new Promise<void>((resolve) => held.push(resolve));
      return answer();
    };
    const all = Array.from({ length: 1_000 }, () =>
      handler(callOn()).then(
        () => "ok",
        (error: unknown) => breakerOpen(error)?.state,
      ),
    );
    await settle();
    expect(sent).toHaveLength(3);
    for (const release of held) release();
    const results = await Promise.all(all);
    expect(results.filter((each) => each === "ok")).toHaveLength(3);
    expect(results.filter((each) => each === "half-open")).toHaveLength(997);
    respond = async () => answer();
    expect(await calls(1)).toEqual([undefined]);
    expect(clock.pending).toBe(0);
  });

  // A call, a failure and half a second begin each run: then it is half-open at the next call.
  it(
    "never has more probes than it should, and none more than needed, in any order of calls, answers and time",
    { timeout: 30_000 },
    async () => {
      const step = fc.oneof(
        { weight: 4, arbitrary: fc.constant({ kind: "call" } as const) },
        {
          weight: 4,
          arbitrary: fc.record({
            kind: fc.constant("answer" as const),
            which: fc.nat(),
            verdict: fc.constantFrom("success", "failure", "caller"),
          }),
        },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.nat(700) }) },
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 80, size: "max" }),
          fc.integer({ min: 1, max: 5 }),
          async (steps, probes) => {
            setup({ probes, openMs: 500, probeTimeoutMs: 600, minCalls: 1 });
            const errors = {
              failure: unavailable,
              caller: () => new RpcError(Code.NotFound, "", { origin: "remote" }),
            };
            const open: { answer: (verdict: string) => void }[] = [];
            /** Let through since it was last half-open, without those that said nothing. */
            let taken = 0;
            let isHalfOpen = false;
            respond = () =>
              new Promise((resolve, reject) => {
                taken++;
                open.push({
                  answer: (verdict) =>
                    verdict === "success"
                      ? resolve(answer())
                      : reject(errors[verdict as keyof typeof errors]()),
                });
              });
            handler = breaker(
              {
                clock,
                onBreaker: ({ state }) => {
                  isHalfOpen = state === "half-open";
                  // Those of before have nothing to do with it.
                  if (isHalfOpen) open.length = 0;
                  taken = 0;
                },
              },
              { probes, openMs: 500, probeTimeoutMs: 600, minCalls: 1 },
            )((call) => {
              call.attempts.push({} as Endpoint);
              return respond(call);
            });
            handler(callOn()).catch(() => {});
            open.pop()?.answer("failure");
            await clock.advance(500);
            for (const each of steps) {
              if (each.kind === "time") await clock.advance(each.ms);
              else if (each.kind === "call") {
                const before = taken;
                const wasHalfOpen = isHalfOpen;
                handler(callOn()).catch(() => {});
                await settle();
                if (wasHalfOpen && isHalfOpen) expect(taken - before).toBe(before < probes ? 1 : 0);
              } else if (open.length > 0) {
                const [chosen] = open.splice(each.which % open.length, 1);
                const wasHalfOpen = isHalfOpen;
                chosen!.answer(each.verdict);
                await settle();
                if (wasHalfOpen && isHalfOpen && each.verdict === "caller") taken--;
              }
              if (isHalfOpen) expect(taken).toBeLessThanOrEqual(probes);
            }
          },
        ),
        { numRuns: 200 },
      );
    },
  );

  it("writes one line when it opens and one when it closes", async () => {
    await opened();
    for (let n = 0; n < 3; n++) {
      await clock.advance(5_000);
      await calls(2);
    }
    respond = async () => answer();
    await clock.advance(5_000);
    await calls(3);
    const lines = log.lines.filter(({ level }) => level >= 30);
    expect(lines).toMatchObject([
      {
        level: 40,
        msg: 'breaker open: test.v1.Echo/Say fails at once in subset "stable"',
        method: "test.v1.Echo/Say",
        subset: "stable",
        failures: 20,
        calls: 20,
        windowMs: 10_000,
        openMs: 5_000,
      },
      { level: 30, msg: "breaker closed: calls go through again", method: "test.v1.Echo/Say" },
    ]);
  });

  it("forgets subsets that nobody calls any more", async () => {
    const views = new Map<string, string>();
    handler = breaker(
      { clock, onBreaker: ({ subset, state }) => void views.set(subset, state) },
      { minCalls: 1 },
    )(async (call) => {
      call.attempts.push({} as Endpoint);
      throw unavailable();
    });
    const inSubset = (name: string) => (): Call =>
      callOn().with({ route: { subset: { name, members: new Set() }, reason: "", lane: undefined } });
    await calls(1, inSubset("version=1"));
    expect(breakerOpen((await calls(1, inSubset("version=1")))[0])).toBeDefined();
    clock.skip(600_000);
    await calls(1, inSubset("version=2"));
    // Begun anew: not half-open.
    await calls(1, inSubset("version=1"));
    expect(views.get("version=1")).toBe("open");
  });
});

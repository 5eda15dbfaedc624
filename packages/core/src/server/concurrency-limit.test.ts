import { FakeClock, settle } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import type { Handler, Reply } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { method } from "../fixtures/contracts.js";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { messagesOf, received } from "../fixtures/server-calls.js";
import { Health } from "../gen/grpc/health/v1/health.js";
import { concurrencyLimit } from "./concurrency-limit.js";
import { createShed } from "./shed.js";

function setup(most: number) {
  const clock = new FakeClock();
  const shed = createShed({ clock, logger: fakeLogger().logger, random: () => 0.5 });
  const limit = concurrencyLimit(most, { clock, shed });
  return { clock, shed, limit, serve: (next: Handler) => limit(next)(received()) };
}

const never: Handler = () => new Promise(() => {});

describe("the limit of calls at once", () => {
  it("refuses one more at once, with push-back, before its handler runs", async () => {
    const { serve, shed } = setup(2);
    void serve(never);
    void serve(never);
    let ran = false;
    const error = (await serve(async () => {
      ran = true;
      return answer();
    }).catch((each: unknown) => each)) as RpcError;
    expect(error).toMatchObject({
      code: Code.ResourceExhausted,
      reason: "2 calls are under way, the most this server takes",
      path: "test.v1.Echo/Say",
    });
    expect(error.trailer.get("grpc-retry-pushback-ms")).toEqual(["75"]);
    expect(ran).toBe(false);
    expect(shed.counts.concurrency).toBe(1);
  });

  it("takes calls again as others end: answered, failed, or their streams read", async () => {
    const { limit, serve } = setup(1);
    await serve(async () => answer());
    await serve(() => Promise.reject(new Error("failed"))).catch(() => {});
    const call = received(method("server_streaming"));
    const reply = await limit(async () =>
      streamAnswer(
        (async function* () {
          yield {};
        })(),
        call,
      ),
    )(call);
    await expect(serve(async () => answer())).rejects.toMatchObject({ code: Code.ResourceExhausted });
    await messagesOf(reply);
    await settle();
    await serve(async () => answer());
  });

  it("counts a handler that goes on after its call was cancelled, for a while", async () => {
    const { clock, limit, serve } = setup(2);
    const [heeds, hangs] = [received(), received()];
    const ended = Promise.withResolvers<Reply>();
    void limit(() => ended.promise)(heeds).catch(() => {});
    void limit(never)(hangs);
    const refused = (): Promise<boolean> =>
      serve(async () => answer()).then(
        () => false,
        () => true,
      );
    for (const call of [heeds, hangs]) call.cancel(new RpcError(Code.Cancelled, "enough"));
    expect(await refused()).toBe(true);
    // Nothing that would keep a process from ending.
    expect(clock.pending).toBe(0);
    ended.reject(new Error("aborted"));
    await settle();
    void serve(never);
    await clock.advance(29_999);
    expect(await refused()).toBe(true);
    await clock.advance(1);
    expect(await refused()).toBe(false);
  });

  it("lets health checks and the link through, and does not count them", async () => {
    const { limit, serve } = setup(1);
    const link = method("bidi_streaming", { path: "/rollcall.link.v1.Link/Open" });
    void limit(never)(received(Health.methods.watch));
    void limit(never)(received(link));
    void serve(never);
    await limit(async () => answer())(received(Health.methods.check));
    const like = method("unary", { path: "/grpc.health.v1.HealthX/Check" });
    await expect(limit(async () => answer())(received(like))).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    });
  });

  it("lets any number in when it is 0", async () => {
    const { serve, shed } = setup(0);
    for (let n = 0; n < 10_000; n++) void serve(never);
    await serve(async () => answer());
    expect(shed.counts.concurrency).toBe(0);
  });
});

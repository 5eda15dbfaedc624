import { Metadata } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { describe, expect, it } from "vitest";
import type { Handler } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { RetryInfo, retryInfo } from "../errors/details.js";
import { method } from "../fixtures/contracts.js";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { messagesOf, received } from "../fixtures/server-calls.js";
import { errorBoundary } from "./error-boundary.js";

function setup(next: Handler): { handler: Handler; lines: ReturnType<typeof fakeLogger>["lines"] } {
  const { logger, lines } = fakeLogger();
  return { handler: errorBoundary(logger)(next), lines };
}

const throwing =
  (thrown: unknown): Handler =>
  async () => {
    throw thrown;
  };

describe("the error boundary", () => {
  it("hides what was thrown by accident, and logs it", async () => {
    for (const thrown of [
      new Error("secret"),
      "secret",
      undefined,
      null,
      5n,
      { code: 5 },
      new RpcError(Code.Ok, "secret"),
    ]) {
      const { handler, lines } = setup(throwing(thrown));
      await expect(handler(received())).rejects.toMatchObject({
        code: Code.Internal,
        reason: "internal error",
        message: "test.v1.Echo/Say [internal]: internal error",
        cause: thrown,
      });
      expect(lines).toEqual([
        expect.objectContaining({ level: 50, msg: "handler threw", method: "test.v1.Echo/Say" }),
      ]);
    }
  });

  it("passes on an RpcError as it was thrown, without a log line", async () => {
    const trailer = new Metadata();
    trailer.set("retry-after", "5");
    const error = new RpcError(Code.ResourceExhausted, "later", { trailer });
    const { handler, lines } = setup(throwing(error));
    await expect(handler(received())).rejects.toBe(error);
    expect(lines).toEqual([]);
  });

  it("keeps a nested call's code and words, not the trailer its server sent to us", async () => {
    const trailer = new Metadata();
    trailer.set("internal", "1");
    const nested = new RpcError(Code.NotFound, "no such bill", {
      path: "billing/Get",
      origin: "remote",
      trailer,
    });
    const error = await setup(throwing(nested))
      .handler(received())
      .catch((each: RpcError) => each);
    expect(error).toMatchObject({
      code: Code.NotFound,
      reason: "no such bill",
      path: "test.v1.Echo/Say",
      cause: nested,
    });
    expect((error as RpcError).trailer.getMap()).toEqual({});
  });

  it("does the same for errors in the middle of a stream", async () => {
    const { handler, lines } = setup(async (call) =>
      streamAnswer(
        (async function* () {
          yield {};
          throw new Error("secret");
        })(),
        call,
      ),
    );
    const reply = await handler(received(method("server_streaming")));
    await expect(messagesOf(reply)).rejects.toMatchObject({ reason: "internal error" });
    expect(lines).toHaveLength(1);
  });

  it("answers the cancellation for whatever fails after it, and logs nothing", async () => {
    const reason = new RpcError(Code.DeadlineExceeded, "late");
    const { handler, lines } = setup(async (call) => {
      call.cancel(reason);
      throw new Error("aborted");
    });
    await expect(handler(received())).rejects.toBe(reason);
    expect(lines).toEqual([]);
  });

  it("answers internal when an interceptor returns nothing", async () => {
    await expect(setup(async () => undefined as never).handler(received())).rejects.toMatchObject({
      code: Code.Internal,
    });
  });

  it("says nothing of what failed inside of this process when a nested call did, and logs it", async () => {
    const nested = new RpcError(Code.Unavailable, "no endpoint in subset canary: 10.0.0.7:80 refused", {
      path: "billing.v1.Billing/Charge",
      processed: "no",
    });
    const { handler, lines } = setup(throwing(nested));
    await expect(handler(received())).rejects.toMatchObject({
      code: Code.Unavailable,
      message: "test.v1.Echo/Say [unavailable]: a nested call failed",
      cause: nested,
    });
    expect(lines).toMatchObject([{ level: 40, msg: "a nested call failed", method: "test.v1.Echo/Say" }]);
    expect(JSON.stringify(lines)).toContain("10.0.0.7:80");
  });

  it("forwards the details of a nested call's error only when the handler does", async () => {
    const details = [retryInfo(500)];
    const nested = new RpcError(Code.Unavailable, "later", {
      path: "billing/Get",
      origin: "remote",
      details,
    });
    const relayed = await setup(throwing(nested)).handler(received()).catch(RpcError.from);
    expect((relayed as RpcError).details).toEqual([]);
    const forwarding = new RpcError(nested.code, nested.reason, { details: nested.details });
    await expect(setup(throwing(forwarding)).handler(received())).rejects.toBe(forwarding);
    expect(forwarding.detail(RetryInfo)).toBeDefined();
  });

  it("answers internal for a response that cannot be serialised, and logs why", async () => {
    const secret = new TypeError("secret");
    const response = {
      ...method().response,
      encode: () => {
        throw secret;
      },
    };
    const hidden = { code: Code.Internal, reason: "internal error", cause: secret };
    const unary = setup(async () => answer({ n: 1 }));
    await expect(unary.handler(received(method("unary", { response })))).rejects.toMatchObject(hidden);
    expect(unary.lines).toMatchObject([{ level: 50, msg: "response cannot be serialised" }]);
    let left = false;
    const stream = setup(async (call) =>
      streamAnswer(
        (async function* () {
          try {
            yield {};
          } finally {
            left = true;
          }
        })(),
        call,
      ),
    );
    const reply = await stream.handler(received(method("server_streaming", { response })));
    const messages = (reply.response as AsyncIterable<object>)[Symbol.asyncIterator]();
    await expect(messages.next()).rejects.toMatchObject(hidden);
    expect(stream.lines).toHaveLength(1);
    await messages.return?.();
    expect(left).toBe(true);
  });

  it("answers when what was thrown cannot be looked at, and when the log cannot be written", async () => {
    const trap = (): never => {
      throw new Error("trap");
    };
    const hostile = new Proxy(new Error("secret"), { get: trap, has: trap, getPrototypeOf: trap });
    const silent = { error: trap, warn: trap } as unknown as Logger;
    for (const handler of [setup(throwing(hostile)).handler, errorBoundary(silent)(throwing(hostile))])
      await expect(handler(received())).rejects.toMatchObject({
        code: Code.Internal,
        reason: "internal error",
      });
  });
});

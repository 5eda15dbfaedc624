import { afterEach, describe, expect, it } from "vitest";
import type { Call } from "../../call/call.js";
import { Code } from "../../code.js";
import { RpcError } from "../../errors.js";
import { all, closeAll, never, pair } from "../../fixtures/connected.js";
import { callOf } from "../../fixtures/loopback.js";

afterEach(closeAll);

describe("a handler that misbehaves", () => {
  it("answers internal without its text, whatever it throws and whenever", async () => {
    const thrown = [undefined, null, "text", 7, new Error("secret"), new RpcError(Code.Ok, ""), { code: 5 }];
    const { connection, server } = await pair({
      unary: ({ n }) => {
        throw thrown[n];
      },
      serverStream: ({ n }) => {
        throw thrown[n];
      },
      clientStream: async (requests) => {
        for await (const { n } of requests) throw thrown[n];
      },
      bidi: async function* (requests) {
        for await (const { n } of requests) {
          yield {};
          throw thrown[n];
        }
      },
    });
    const hidden = { code: Code.Internal, reason: "internal error", origin: "remote" };
    for (let n = 0; n < thrown.length; n++) {
      const requests = (async function* () {
        yield { n };
      })();
      await expect(connection.call(callOf("unary", { n }))).rejects.toMatchObject(hidden);
      await expect(connection.call(callOf("serverStream", { n })).then(all)).rejects.toMatchObject(hidden);
      await expect(connection.call(callOf("clientStream", requests))).rejects.toMatchObject(hidden);
      const again = (async function* () {
        yield { n };
        await never();
      })();
      await expect(connection.call(callOf("bidi", again)).then(all)).rejects.toMatchObject(hidden);
    }
    await expect.poll(() => server.gate.inflight).toBe(0);
  });

  it("answers an empty message for undefined, and internal where a stream was due", async () => {
    const answers = [undefined, null, {}, Promise.resolve(), Promise.reject(new Error("late")), [{}]];
    for (const each of answers) if (each instanceof Promise) each.catch(() => {});
    const { connection, server } = await pair({
      unary: () => undefined,
      serverStream: ({ n }) => answers[n],
      bidi: () => ({
        [Symbol.asyncIterator]() {
          throw new Error("no iterator");
        },
      }),
    });
    expect(await connection.call(callOf("unary"))).toMatchObject({ response: {} });
    for (let n = 0; n < answers.length; n++) {
      await expect(connection.call(callOf("serverStream", { n })).then(all)).rejects.toMatchObject({
        code: Code.Internal,
      });
    }
    await expect(connection.call(callOf("bidi", (async function* () {})())).then(all)).rejects.toMatchObject({
      code: Code.Internal,
    });
    await expect.poll(() => server.gate.inflight).toBe(0);
  });

  it("cannot end the process by what it puts into headers, trailers or a reason", async () => {
    const { connection } = await pair({
      unary: ({ fail }, ctx) => {
        for (const metadata of [ctx.responseHeader, ctx.responseTrailer]) {
          metadata.set("connection", "close");
          metadata.set("te", "gzip");
          metadata.set("content-length", "3");
          metadata.set("grpc-status", "5");
          metadata.add("etag", "1");
          metadata.add("etag", "2");
          metadata.set("x-fine", "yes");
        }
        if (fail) throw new RpcError(Code.NotFound, `half a pair: ${"\u{1f600}".slice(0, 1)} 100%`);
        return {};
      },
      serverStream: async function* (_, ctx) {
        ctx.responseHeader.set("upgrade", "h2c");
        ctx.responseTrailer.set("transfer-encoding", "chunked");
        yield {};
      },
    });
    const reply = await connection.call(callOf("unary"));
    expect(reply.header.get("x-fine")).toEqual(["yes"]);
    expect(reply.header.get("etag")).toEqual(["2"]);
    expect((await reply.end).trailer.get("x-fine")).toEqual(["yes"]);
    await expect(connection.call(callOf("unary", { fail: true }))).rejects.toMatchObject({
      code: Code.NotFound,
      reason: "half a pair: \ufffd 100%",
    });
    expect(await connection.call(callOf("serverStream")).then(all)).toEqual([{}]);
  });

  it("answers internal when an interceptor gives the wrong kind of reply, nothing at all or throws", async () => {
    let wrong: "kind" | "nothing" | "throws" | "synchronously" = "kind";
    const { connection, server } = await pair(
      {
        unary: async () => ({}),
        serverStream: async function* () {
          yield {};
        },
      },
      {
        interceptors: [
          (next) => (call) => {
            if (wrong === "synchronously") throw new Error("sync");
            return next(call).then((reply) => {
              if (wrong === "throws") throw new Error("interceptor");
              if (wrong === "nothing") return undefined as never;
              return reply.responseStream
                ? { ...reply, responseStream: false, response: {} }
                : { ...reply, responseStream: true, response: (async function* () {})() };
            });
          },
        ],
      },
    );
    for (wrong of ["kind", "nothing", "throws", "synchronously"] as const) {
      await expect(connection.call(callOf("unary"))).rejects.toMatchObject({ code: Code.Internal });
      await expect(connection.call(callOf("serverStream")).then(all)).rejects.toMatchObject({
        code: Code.Internal,
      });
    }
    expect(server.gate.inflight).toBe(0);
  });

  it("answers internal without the text when its response cannot be serialised, and ends the handler", async () => {
    let finished = 0;
    const circle: Record<string, unknown> = {};
    circle["secret"] = circle;
    const { connection, server } = await pair({
      unary: () => circle,
      serverStream: async function* () {
        try {
          yield { n: 1 };
          yield circle;
          yield { n: 3 };
        } finally {
          finished++;
        }
      },
    });
    const hidden = { code: Code.Internal, reason: "internal error", origin: "remote" };
    await expect(connection.call(callOf("unary"))).rejects.toMatchObject(hidden);
    await expect(connection.call(callOf("serverStream")).then(all)).rejects.toMatchObject(hidden);
    expect(finished).toBe(1);
    await expect.poll(() => server.gate.inflight).toBe(0);
  });

  it("may complete, fail and be cancelled at once: the caller gets one answer", async () => {
    const { connection, server } = await pair({
      unary: async (_, ctx) => {
        (ctx as unknown as Call).cancel(new RpcError(Code.Aborted, "cancelled by itself"));
        return { ok: true };
      },
      serverStream: async function* (_, ctx) {
        yield { n: 1 };
        (ctx as unknown as Call).cancel(new RpcError(Code.Aborted, "cancelled by itself"));
        throw new Error("and failed");
      },
    });
    const aborted = { code: Code.Aborted, reason: "cancelled by itself" };
    await expect(connection.call(callOf("unary"))).rejects.toMatchObject(aborted);
    await expect(connection.call(callOf("serverStream")).then(all)).rejects.toMatchObject(aborted);
    await expect.poll(() => server.gate.inflight).toBe(0);
  });

  it("cannot end the process by line breaks in its metadata", async () => {
    const thrown: unknown[] = [];
    const { connection } = await pair({
      unary: (_, ctx) => {
        for (const text of ["a\r\nb", "a\nb", "\u0000", "\u{1f600}"]) {
          try {
            ctx.responseTrailer.set("x-text", text);
          } catch (error) {
            thrown.push(error);
          }
        }
        throw new RpcError(Code.NotFound, "line\r\nbreak");
      },
    });
    await expect(connection.call(callOf("unary"))).rejects.toMatchObject({
      code: Code.NotFound,
      reason: "line\r\nbreak",
    });
    expect(thrown).toHaveLength(4);
  });

  it("does not abort the signal of a call that was answered", async () => {
    const signals: AbortSignal[] = [];
    const { connection } = await pair({
      unary: async (_, ctx) => {
        signals.push(ctx.signal);
        return {};
      },
      serverStream: async function* (_, ctx) {
        signals.push(ctx.signal);
        yield {};
      },
    });
    await connection.call(callOf("unary"));
    await connection.call(callOf("serverStream")).then(all);
    await connection.call(callOf("unary"));
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false, false]);
  });
});

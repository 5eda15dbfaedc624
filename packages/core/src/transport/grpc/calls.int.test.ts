import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import type { Reply } from "../../call/call.js";
import { createCall } from "../../call/pipeline-call.js";
import { Code } from "../../code.js";
import { method } from "../../fixtures/contracts.js";
import { RpcError } from "../../errors.js";
import { callOf, connectTo, echo, serveEcho } from "../../fixtures/loopback.js";
import type { Connection } from "../../ports/transport.js";
import type { RpcServer } from "../../server/create-server.js";
import type { GrpcTransportOptions } from "./transport.js";

const servers: RpcServer[] = [];
const connections: Connection[] = [];
const foreign: grpc.Server[] = [];

async function serve(...args: Parameters<typeof serveEcho>): Promise<RpcServer> {
  const server = await serveEcho(...args);
  servers.push(server);
  return server;
}

async function connect(port: number, options?: GrpcTransportOptions): Promise<Connection> {
  const connection = await connectTo(port, options);
  connections.push(connection);
  return connection;
}

async function pair(
  ...args: Parameters<typeof serveEcho>
): Promise<{ server: RpcServer; connection: Connection }> {
  const server = await serve(...args);
  return { server, connection: await connect(server.listener.port) };
}

function streamOf(reply: Reply): AsyncIterable<object> {
  if (!reply.responseStream) throw new Error("not a stream");
  return reply.response;
}

async function all(reply: Reply): Promise<object[]> {
  const messages: object[] = [];
  for await (const message of streamOf(reply)) messages.push(message);
  return messages;
}

const never = (): Promise<never> => new Promise(() => {});

afterEach(async () => {
  await Promise.all(connections.splice(0).map((each) => each.close(0)));
  await Promise.all(servers.splice(0).map((each) => each.listener.close()));
  for (const each of foreign.splice(0)) each.forceShutdown();
});

/** A server of grpc-js alone, for answers that ours never gives. */
async function foreignServer(
  path: string,
  handler: grpc.handleServerStreamingCall<Buffer, Buffer>,
): Promise<number> {
  const server = new grpc.Server();
  foreign.push(server);
  const raw = (bytes: Buffer): Buffer => bytes;
  server.register(path, handler, raw, raw, "serverStream");
  return new Promise((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));

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

describe("cancellation over the wire", () => {
  it("reaches a handler that reads requests, and one that waits", async () => {
    const ended: string[] = [];
    const { connection, server } = await pair({
      clientStream: async (requests) => {
        try {
          for await (const _ of requests);
        } catch {
          ended.push("clientStream");
          throw new Error("ended");
        }
      },
      serverStream: async function* (_, ctx) {
        try {
          yield {};
          await new Promise((_, reject) => ctx.onCancel(reject));
        } finally {
          ended.push("serverStream");
        }
      },
    });
    const requests = (async function* () {
      yield {};
      await never();
    })();
    const first = callOf("clientStream", requests);
    const reply = connection.call(first);
    await expect.poll(() => server.gate.inflight).toBe(1);
    first.cancel(new RpcError(Code.Cancelled, "enough"));
    await expect(reply).rejects.toMatchObject({ code: Code.Cancelled, reason: "enough" });
    for await (const _ of streamOf(await connection.call(callOf("serverStream")))) break;
    await expect.poll(() => ended.toSorted()).toEqual(["clientStream", "serverStream"]);
    await expect.poll(() => server.gate.inflight).toBe(0);
  });

  it("never shows a handler the beginning of a cancelled request stream as the whole", async () => {
    const seen = { whole: 0, cut: 0, cancelled: 0 };
    const { connection } = await pair({
      clientStream: async (requests) => {
        let last = -1;
        try {
          for await (const { n } of requests) last = n;
        } catch (error) {
          seen.cancelled++;
          throw error;
        }
        if (last === 4) seen.whole++;
        else seen.cut++;
        return {};
      },
    });
    const upload = async (cancels: boolean): Promise<void> => {
      const requests = async function* (): AsyncGenerator<object> {
        for (let n = 0; n < 5; n++) {
          yield { n };
          if (n === 3 && cancels) call.cancel(new RpcError(Code.Cancelled, "enough"));
        }
      };
      const call = callOf("clientStream", requests());
      await connection.call(call).catch(() => {});
    };
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => upload(n % 2 === 0)));
    }
    await expect.poll(() => seen.whole).toBe(500);
    expect(seen.cut).toBe(0);
  });

  it("ends a stream whose iterator is left before its first message", async () => {
    const { connection, server } = await pair({
      serverStream: async function* (_, ctx) {
        await new Promise((_, reject) => ctx.onCancel(reject));
        yield {};
      },
    });
    const reply = await connection.call(callOf("serverStream"));
    await streamOf(reply)[Symbol.asyncIterator]().return?.();
    expect((await reply.end).code).toBe(Code.Cancelled);
    await expect.poll(() => server.gate.inflight).toBe(0);
  });

  it("fails a call whose request stream throws, with the cause, and tells the server", async () => {
    const failure = new Error("disk");
    const { connection, server } = await pair({
      clientStream: async (requests) => {
        for await (const _ of requests);
        return { complete: true };
      },
    });
    const requests = (async function* () {
      yield {};
      throw failure;
    })();
    await expect(connection.call(callOf("clientStream", requests))).rejects.toMatchObject({
      code: Code.Cancelled,
      cause: failure,
    });
    await expect.poll(() => server.gate.inflight).toBe(0);
  });

  it("does not touch the request stream of a call that was cancelled before it was sent", async () => {
    const { connection } = await pair({});
    let begun = false;
    const call = callOf(
      "clientStream",
      (async function* () {
        begun = true;
        yield {};
      })(),
    );
    call.cancel(new RpcError(Code.Cancelled, "early"));
    await expect(connection.call(call)).rejects.toMatchObject({ reason: "early" });
    expect(begun).toBe(false);
  });
});

describe("answers that prove a call unprocessed", () => {
  it("takes a refused stream and a missing connection as unprocessed", async () => {
    const { server, connection } = await pair({ unary: never });
    const inflight = connection.call(callOf("unary"));
    inflight.catch(() => {});
    await expect.poll(() => server.gate.inflight).toBe(1);
    // GOAWAY: streams that are on their way are refused.
    const refused = Array.from({ length: 20 }, () => connection.call(callOf("unary")));
    void server.listener.drain();
    const outcomes = await Promise.all(
      refused.map((each) =>
        Promise.race([
          each.catch((error: RpcError) => error),
          expect
            .poll(() => server.gate.inflight)
            .toBeGreaterThan(20)
            .catch(() => undefined),
        ]),
      ),
    );
    for (const error of outcomes.filter((each) => each instanceof RpcError)) {
      expect(error).toMatchObject({ code: Code.Unavailable, processed: "no", origin: "local" });
    }
  });

  it("does not believe a handler that answers with the same words, alone or after headers", async () => {
    const texts = [
      "Stream refused by server",
      "No connection established. Last error: x",
      "Channel closed before call started",
    ];
    const { connection } = await pair({
      unary: ({ n }, ctx) => {
        ctx.responseHeader.set("x-header", "1");
        throw new RpcError(Code.Unavailable, texts[n]!);
      },
      clientStream: async () => {
        throw new RpcError(Code.Unavailable, texts[0]!);
      },
    });
    for (let n = 0; n < texts.length; n++) {
      await expect(connection.call(callOf("unary", { n }))).rejects.toMatchObject({
        code: Code.Unavailable,
        reason: texts[n],
        processed: "yes",
        origin: "remote",
      });
    }
    const requests = (async function* () {})();
    await expect(connection.call(callOf("clientStream", requests))).rejects.toMatchObject({
      processed: "yes",
    });
    for (const headers of [false, true]) {
      const port = await foreignServer("/test.v1.Echo/unary", (call) => {
        if (headers) call.sendMetadata(new grpc.Metadata());
        call.emit("error", { code: grpc.status.UNAVAILABLE, details: texts[0] });
      });
      const forger = await connect(port);
      await expect(forger.call(callOf("unary"))).rejects.toMatchObject({
        processed: "yes",
        origin: "remote",
      });
    }
  });

  it("takes a server that is forced down as unavailable, and the call as perhaps processed", async () => {
    const { server, connection } = await pair({
      unary: never,
      serverStream: async function* () {
        yield {};
        await never();
      },
    });
    const unary = connection.call(callOf("unary"));
    unary.catch(() => {});
    const stream = streamOf(await connection.call(callOf("serverStream")))[Symbol.asyncIterator]();
    expect(await stream.next()).toEqual({ done: false, value: {} });
    const next = stream.next();
    next.catch(() => {});
    await expect.poll(() => server.gate.inflight).toBe(2);
    await server.listener.close();
    await expect(unary).rejects.toMatchObject({
      code: Code.Unavailable,
      processed: "unknown",
      origin: "local",
    });
    await expect(next).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it("lets a call in flight end on a server that refuses new connections", async () => {
    const release = Promise.withResolvers<object>();
    const { server, connection } = await pair({ unary: () => release.promise });
    const reply = connection.call(callOf("unary"));
    await expect.poll(() => server.gate.inflight).toBe(1);
    const drained = server.listener.drain();
    await expect.poll(() => connection.state).toBe("failed");
    release.resolve({ late: true });
    expect(await reply).toMatchObject({ response: { late: true } });
    await drained;
  });
});

describe("closing a connection", () => {
  it("ends calls in flight when their grace is over, which a second close may shorten", async () => {
    const { connection } = await pair({
      unary: never,
      serverStream: async function* () {
        yield {};
        await never();
      },
    });
    const unary = connection.call(callOf("unary"));
    const reply = await connection.call(callOf("serverStream"));
    const slow = connection.close(60_000);
    expect(connection.state).toBe("closed");
    await connection.close(0);
    await slow;
    await expect(unary).rejects.toMatchObject({ code: Code.Unavailable, processed: "unknown" });
    expect((await reply.end).code).toBe(Code.Unavailable);
  });
});

describe("odd answers and odd requests", () => {
  it("refuses a second message to a unary call at once", async () => {
    const port = await foreignServer("/test.v1.Echo/unary", (call) => {
      call.write(json({ n: 1 }));
      call.write(json({ n: 2 }));
      call.end();
    });
    const connection = await connect(port);
    await expect(connection.call(callOf("unary"))).rejects.toMatchObject({
      code: Code.Internal,
      reason: "more than one response to a unary call",
    });
  });

  it("refuses an answer without a message, and one that cannot be read", async () => {
    const empty = await connect(await foreignServer("/test.v1.Echo/unary", (call) => call.end()));
    await expect(empty.call(callOf("unary"))).rejects.toMatchObject({
      code: Code.Internal,
      reason: "no response to a unary call",
    });
    const garbled = await connect(
      await foreignServer("/test.v1.Echo/unary", (call) => {
        call.write(Buffer.from("{"));
        call.end();
      }),
    );
    await expect(garbled.call(callOf("unary"))).rejects.toMatchObject({
      code: Code.Internal,
      reason: expect.stringContaining("the response cannot be read"),
    });
  });

  it("takes far, passed and missing deadlines, and refuses NaN", async () => {
    const { connection } = await pair({ unary: async () => ({ ok: true }) });
    for (const deadline of [Infinity, Date.now() + 1e12, Date.now() + 2 ** 31]) {
      expect(await connection.call(callOf("unary", {}, { deadline }))).toMatchObject({
        response: { ok: true },
      });
    }
    for (const deadline of [0, -1, -Infinity, Date.now() - 1]) {
      await expect(connection.call(callOf("unary", {}, { deadline }))).rejects.toMatchObject({
        code: Code.DeadlineExceeded,
      });
    }
    await expect(connection.call(callOf("unary", {}, { deadline: Number.NaN }))).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });

  it("carries metadata, binary keys included, both ways", async () => {
    const { connection } = await pair({
      unary: async (_, ctx) => {
        ctx.responseHeader.merge(ctx.metadata);
        return {};
      },
    });
    const metadata = new grpc.Metadata();
    metadata.set("x-text", "t");
    metadata.add("x-many", "1");
    metadata.add("x-many", "2");
    metadata.set("x-bytes-bin", Buffer.from([0, 255, 10]));
    const { header } = await connection.call(callOf("unary", {}, { metadata }));
    expect(header.get("x-text")).toEqual(["t"]);
    expect(header.get("x-many").join(", ")).toBe("1, 2");
    expect(header.get("x-bytes-bin")).toEqual([Buffer.from([0, 255, 10])]);
    expect(metadata.get("grpc-timeout")).toEqual([]);
  });

  it("answers resource_exhausted to too much metadata and to messages that are too large, and goes on", async () => {
    const { connection } = await pair({
      unary: async (request) => (request.answer ? { text: "x".repeat(5 << 20) } : {}),
    });
    const metadata = new grpc.Metadata();
    for (let n = 0; n < 120; n++) metadata.set(`x-${n}`, "v");
    const exhausted = { code: Code.ResourceExhausted };
    await expect(connection.call(callOf("unary", {}, { metadata }))).rejects.toMatchObject(exhausted);
    await expect(connection.call(callOf("unary", { text: "x".repeat(5 << 20) }))).rejects.toMatchObject(
      exhausted,
    );
    await expect(connection.call(callOf("unary", { answer: true }))).rejects.toMatchObject(exhausted);
    expect(await connection.call(callOf("unary"))).toMatchObject({ response: {} });
  });

  it("answers unimplemented to a method the server does not have", async () => {
    const server = await serve({});
    const connection = await connect(server.listener.port);
    const other = createCall({
      ...callOf("unary"),
      method: method("unary", { path: "/test.v1.Other/No" }),
      metadata: new grpc.Metadata(),
      request: {},
    });
    await expect(connection.call(other)).rejects.toMatchObject({
      code: Code.Unimplemented,
      origin: "remote",
    });
  });
});

describe("flow control", () => {
  const text = "x".repeat(64 << 10);

  it("holds a server's handler when its reader is slow", async () => {
    let produced = 0;
    const { connection } = await pair({
      serverStream: async function* () {
        for (;;) {
          produced++;
          yield { text };
        }
      },
    });
    const reader = streamOf(await connection.call(callOf("serverStream")))[Symbol.asyncIterator]();
    for (let n = 0; n < 3; n++) await reader.next();
    await steady(() => produced);
    expect(produced).toBeLessThan(200);
    await reader.return?.();
  });

  it("holds a caller's request stream when the handler is slow", async () => {
    let produced = 0;
    const { connection } = await pair({
      clientStream: async (requests, ctx) => {
        for await (const _ of requests) await new Promise((_, reject) => ctx.onCancel(reject));
      },
    });
    const call = callOf(
      "clientStream",
      (async function* () {
        for (;;) {
          produced++;
          yield { text };
        }
      })(),
    );
    const reply = connection.call(call);
    await expect.poll(() => produced).toBeGreaterThan(1);
    await steady(() => produced);
    expect(produced).toBeLessThan(200);
    call.cancel(new RpcError(Code.Cancelled, "enough"));
    await expect(reply).rejects.toMatchObject({ reason: "enough" });
  });
});

/** Until a number has stood still for a while. */
async function steady(read: () => number): Promise<void> {
  let before = -1;
  let stood = 0;
  await expect
    .poll(() => {
      stood = read() === before ? stood + 1 : 0;
      before = read();
      return stood;
    })
    .toBeGreaterThanOrEqual(5);
}

it("names its methods as the contract does", () => {
  expect(Object.keys(echo.methods)).toEqual(["unary", "serverStream", "clientStream", "bidi"]);
});

import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { Code } from "../../code.js";
import { RpcError } from "../../errors.js";
import { closeAll, connect, foreignServer, never, pair, streamOf } from "../../fixtures/connected.js";
import { callOf } from "../../fixtures/loopback.js";

afterEach(closeAll);

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

  it("asks for no further request when the call has ended, and lets the stream go", async () => {
    const { connection } = await pair({
      clientStream: async (requests) => {
        for await (const _ of requests) break;
        return {};
      },
    });
    const more = Promise.withResolvers<void>();
    const steps: string[] = [];
    const requests = async function* (): AsyncIterable<object> {
      try {
        steps.push("first");
        yield {};
        await more.promise;
        steps.push("second");
        yield {};
        steps.push("third");
        yield {};
      } finally {
        steps.push("left");
      }
    };
    await connection.call(callOf("clientStream", requests()));
    more.resolve();
    await expect.poll(() => steps).toEqual(["first", "second", "left"]);
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

describe("the end of a server under its callers", () => {
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

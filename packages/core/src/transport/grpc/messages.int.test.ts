import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { createCall } from "../../call/pipeline-call.js";
import { Code } from "../../code.js";
import { RpcError } from "../../errors.js";
import {
  closeAll,
  connect,
  foreignServer,
  json,
  never,
  pair,
  serve,
  streamOf,
} from "../../fixtures/connected.js";
import { method } from "../../fixtures/contracts.js";
import { callOf } from "../../fixtures/loopback.js";

afterEach(closeAll);

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

  it("gives a reader that is slower than a second all of an answer, though the request has not ended", async () => {
    const text = "x".repeat(50_000);
    const { connection } = await pair({
      bidi: async function* () {
        for (let n = 0; n < 6; n++) yield { n, text };
      },
    });
    const request = (async function* () {
      yield {};
      await never();
    })();
    const seen: object[] = [];
    for await (const message of streamOf(await connection.call(callOf("bidi", request)))) {
      await sleep(250);
      seen.push(message);
    }
    expect(seen).toHaveLength(6);
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

  it("answers small calls beside sixteen of the largest answers on one connection", async () => {
    const { connection } = await pair({
      unary: async ({ bytes }: { bytes: number }) => ({ text: "x".repeat(bytes) }),
    });
    let busy = true;
    const large = Array.from({ length: 16 }, async () => {
      for (let n = 0; n < 3; n++) await connection.call(callOf("unary", { bytes: 4_000_000 }));
    });
    const small = Array.from({ length: 4 }, async () => {
      while (busy) await connection.call(callOf("unary", { bytes: 1 }));
    });
    await Promise.all(large).finally(() => (busy = false));
    await Promise.all(small);
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

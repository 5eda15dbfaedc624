import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { instance, method } from "../fixtures/contracts.js";
import type { Endpoint } from "../ports/endpoint.js";
import type { Call } from "./call.js";
import { createCall, createServerCall } from "./pipeline-call.js";

async function* numbers(count: number): AsyncGenerator<object> {
  for (let n = 0; n < count; n++) yield { n };
}

function streamed(count: number): Call {
  const parts = { metadata: new Metadata(), deadline: Infinity, request: numbers(count) };
  return createCall({ ...parts, method: method("client_streaming") });
}

async function read(call: Call | undefined): Promise<object[]> {
  if (!call?.requestStream) throw new Error("no request stream");
  const all: object[] = [];
  for await (const message of call.request) all.push(message);
  return all;
}

const unary = (): Call =>
  createCall({ method: method(), metadata: new Metadata(), deadline: 5, request: { n: 1 } });

describe("a call", () => {
  it("knows from its method whether its request is a stream", () => {
    expect(unary().requestStream).toBe(false);
    expect(streamed(0).requestStream).toBe(true);
    for (const [kind, stream] of [
      ["server_streaming", false],
      ["bidi_streaming", true],
    ] as const) {
      const call = createCall({ method: method(kind), metadata: new Metadata(), deadline: 1, request: {} });
      expect(call.requestStream).toBe(stream);
    }
  });

  it("derives changed calls and leaves the original alone", () => {
    const call = unary();
    const metadata = new Metadata();
    const tried = [{ instance: instance("a") } as Endpoint];
    const derived = call.with({ metadata, deadline: 3, request: { n: 2 }, tried });
    expect(derived).toMatchObject({ deadline: 3, request: { n: 2 } });
    expect(derived.metadata).toBe(metadata);
    expect(derived.tried).toBe(tried);
    expect(call).toMatchObject({ deadline: 5, request: { n: 1 }, tried: [] });
  });

  it("shares cancellation and attempts with all calls derived from it", () => {
    const call = unary();
    const derived = call.with({ deadline: 1 }).replay()!;
    const reason = new RpcError(Code.Cancelled, "enough");
    derived.attempts.push({ instance: instance("a") } as Endpoint);
    derived.cancel(reason);
    expect(call.cancelReason).toBe(reason);
    expect(call.signal.reason).toBe(reason);
    expect(call.attempts).toHaveLength(1);
  });

  it("replays a unary request for ever, and a stream until 64 messages were taken", async () => {
    expect(unary().replay()?.replay()?.request).toEqual({ n: 1 });
    const short = streamed(64).replay()!;
    expect(await read(short)).toHaveLength(64);
    const again = short.with({ deadline: 1 }).replay();
    expect(await read(again)).toHaveLength(64);
    const long = streamed(65).replay()!;
    await read(long);
    expect(long.replay()).toBeUndefined();
  });

  it("starts over with a stream that an interceptor put in its place", async () => {
    const call = streamed(3).replay()!;
    await read(call);
    const changed = call.with({ request: numbers(2) }).replay()!;
    expect(await read(changed)).toHaveLength(2);
    expect(await read(changed.replay())).toHaveLength(2);
  });

  it("stays a server's call when it is derived", () => {
    const server = {
      responseHeader: new Metadata(),
      responseTrailer: new Metadata(),
      draining: new AbortController().signal,
      peer: { address: "10.0.0.1:1" },
    };
    const parts = { method: method(), metadata: new Metadata(), deadline: Infinity, request: {} };
    expect(createServerCall(parts, server).with({ deadline: 1 })).toMatchObject(server);
  });
});

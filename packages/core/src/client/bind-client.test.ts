import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { Call, Handler } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { FakeClock } from "@rollcall/testing/clock";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { Stock } from "../fixtures/shop.js";
import type { ClientOf } from "../contract/shapes.js";
import { bindClient } from "./bind-client.js";

function client(pipeline: Handler): ClientOf<Stock> {
  return bindClient(Stock, pipeline, { clock: new FakeClock(), timeoutMs: 1_000 });
}

describe("a typed client", () => {
  it("has a function per method and calls the method's path", async () => {
    const calls: Call[] = [];
    const stock = client(async (call) => {
      calls.push(call);
      return answer({ id: "1" });
    });
    expect(Object.keys(stock)).toEqual(["get", "watch"]);
    expect(await stock.get({ id: "1" })).toEqual({ id: "1" });
    expect(calls[0]).toMatchObject({ method: { path: "/test.v1.Stock/Get" }, request: { id: "1" } });
  });

  it("rejects, and never throws, for a wrong request", async () => {
    const stock = client(async () => answer());
    await expect(stock.get(undefined as never)).rejects.toMatchObject({ code: Code.InvalidArgument });
    const stream = stock.watch(null as never)[Symbol.asyncIterator]();
    await expect(stream.next()).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  it("shows headers, and the trailer of a call that failed too", async () => {
    const trailer = new Metadata();
    trailer.set("why", "because");
    const seen: unknown[] = [];
    const stock = client(() => Promise.reject(new RpcError(Code.NotFound, "none", { trailer })));
    await expect(stock.get({}, { onTrailer: (each) => seen.push(each) })).rejects.toMatchObject({
      code: Code.NotFound,
    });
    expect(seen).toEqual([trailer]);
  });

  it("cancels a call when an interceptor or a callback fails while it goes on", async () => {
    const calls: Call[] = [];
    const broken = client(async (call) => {
      calls.push(call);
      throw new Error("interceptor");
    });
    await expect(broken.get({})).rejects.toThrow("interceptor");
    expect(calls[0]?.cancelReason?.code).toBe(Code.Internal);
  });

  it("refuses a stream that answers a unary call, and ends it", async () => {
    const calls: Call[] = [];
    const stock = client(async (call) => {
      calls.push(call);
      return streamAnswer((async function* () {})(), call);
    });
    await expect(stock.get({})).rejects.toMatchObject({
      code: Code.Internal,
      reason: "a stream answered a unary call",
    });
    expect(calls[0]?.cancelReason).toBeDefined();
  });
});

import { describe, expect, it } from "vitest";
import { Code } from "../code.js";
import type { ServiceContract } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import { method } from "../fixtures/contracts.js";
import { messagesOf, received } from "../fixtures/server-calls.js";
import { createDispatch } from "./dispatch.js";

const say = method("unary");
const watch = method("server_streaming", { path: "/test.v1.Echo/Watch" });
const contract = {
  name: "test.v1.Echo",
  methods: { say, watch },
  file: undefined,
} as never as ServiceContract<any>;

const dispatch = (implementation: object): ReturnType<typeof createDispatch> =>
  createDispatch([{ contract, implementation }]);

describe("dispatch", () => {
  it("calls the method that the path names, as a method of its object", async () => {
    class Echo {
      readonly #prefix = "re: ";
      async say({ text }: { text: string }): Promise<object> {
        return { text: this.#prefix + text };
      }
    }
    const call = received(say, { request: { text: "hi" } });
    call.responseTrailer.set("t", "1");
    const reply = await dispatch(new Echo())(call);
    expect(reply).toMatchObject({ response: { text: "re: hi" } });
    expect((await reply.end).trailer.get("t")).toEqual(["1"]);
  });

  it("answers an empty message for nothing, returned or promised", async () => {
    for (const nothing of [undefined, null, Promise.resolve()]) {
      expect(await dispatch({ say: () => nothing })(received(say))).toMatchObject({ response: {} });
    }
  });

  it("answers unimplemented for a path it does not know", async () => {
    const call = received(method("unary", { path: "/test.v1.Echo/Other" }));
    await expect(dispatch({})(call)).rejects.toMatchObject({
      code: Code.Unimplemented,
      message: "test.v1.Echo/Other [unimplemented]: no such method",
    });
  });

  it("ends a stream as its source does", async () => {
    const well = await dispatch({
      watch: async function* () {
        yield { n: 1 };
      },
    })(received(watch));
    expect(await messagesOf(well)).toEqual([{ n: 1 }]);
    expect(await well.end).toMatchObject({ code: Code.Ok });
    const failure = new RpcError(Code.NotFound, "none");
    const badly = await dispatch({
      watch: async function* () {
        yield {};
        throw failure;
      },
    })(received(watch));
    await expect(messagesOf(badly)).rejects.toBe(failure);
    expect(await badly.end).toMatchObject({ code: Code.NotFound, error: failure });
    const left = await dispatch({
      watch: async function* () {
        yield {};
        yield {};
      },
    })(received(watch));
    if (left.responseStream) for await (const _ of left.response) break;
    expect((await left.end).code).toBe(Code.Ok);
  });

  it("ends a stream when its call is cancelled, whatever the handler does", async () => {
    const call = received(watch);
    const reply = await dispatch({
      watch: async function* () {
        await new Promise(() => {});
        yield {};
      },
    })(call);
    const reason = new RpcError(Code.Cancelled, "enough");
    call.cancel(reason);
    expect(await reply.end).toMatchObject({ code: Code.Cancelled, error: reason });
  });

  it("refuses what is no stream, and does not leave a rejection unhandled", async () => {
    for (const [answer, text] of [
      [undefined, "undefined"],
      [null, "null"],
      [{}, "object"],
      [[1], "object"],
      ["text", "string"],
      [Promise.resolve(), "a promise"],
      [Promise.reject(new Error("late")), "a promise"],
    ] as const) {
      await expect(dispatch({ watch: () => answer })(received(watch))).rejects.toThrow(
        `a streaming method returned no AsyncIterable but ${text}`,
      );
    }
  });

  it("ends the call when a stream has no iterator after all", async () => {
    const reply = await dispatch({
      watch: () => ({
        [Symbol.asyncIterator]() {
          throw new Error("no iterator");
        },
      }),
    })(received(watch));
    await expect(messagesOf(reply)).rejects.toThrow("no iterator");
    expect((await reply.end).code).toBe(Code.Internal);
  });
});

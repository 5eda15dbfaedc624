import { FakeClock } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import type { Handler } from "../call/call.js";
import { Code } from "../code.js";
import type { ServiceContract } from "../contract/contract.js";
import type { ClientOf } from "../contract/shapes.js";
import { RpcError } from "../errors.js";
import { answer, streamAnswer } from "../fixtures/fake-transport.js";
import { method } from "../fixtures/contracts.js";
import { Stock } from "../fixtures/shop.js";
import { defineService } from "../contract/define-service.js";
import { bindClient } from "./bind-client.js";
import type { Fallback } from "./fallback.js";

/** Its messages travel as JSON. */
const Json: ServiceContract<Stock> = {
  ...Stock,
  methods: {
    get: method("unary", { path: "/test.v1.Stock/Get" }),
    watch: method("server_streaming", { path: "/test.v1.Stock/Watch" }),
  },
};

function client(pipeline: Handler, fallback?: Fallback<Stock>): ClientOf<Stock> {
  return bindClient(Json, pipeline, { clock: new FakeClock(), timeoutMs: 1_000 }, fallback);
}
const failing =
  (code: Code): Handler =>
  async () => {
    throw new RpcError(code, "sick");
  };
const faults: readonly Code[] = [
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
];

async function ids(messages: AsyncIterable<{ id: string }>): Promise<string[]> {
  const seen: string[] = [];
  for await (const { id } of messages) seen.push(id);
  return seen;
}

describe("a fallback", () => {
  it("answers when the server is at fault or time is up, and not otherwise", async () => {
    for (let number = 1; number <= 16; number++) {
      const code = number as Code;
      const { get } = client(failing(code), {
        get: async ({ id }, error) => ({ id: `${id} ${error.code}` }),
      });
      const call = get({ id: "a" });
      if (faults.includes(code)) expect(await call).toEqual({ id: `a ${code}` });
      else await expect(call).rejects.toMatchObject({ code, reason: "sick" });
    }
  });

  it("leaves calls that go well, and methods it does not name, alone", async () => {
    const fallback = { watch: async function* () {} };
    expect(await client(async () => answer({ id: "1" }), fallback).get({})).toEqual({ id: "1" });
    await expect(client(failing(Code.Unavailable), fallback).get({})).rejects.toThrow("sick");
  });

  it("is not asked when the caller aborts, is wrong, or has a bug", async () => {
    const never = (): never => {
      throw new Error("asked");
    };
    const stock = client((call) => new Promise((_, reject) => call.onCancel(reject)), { get: never });
    await expect(stock.get({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: Code.Cancelled,
    });
    await expect(stock.get(null as never)).rejects.toMatchObject({ code: Code.InvalidArgument });
    const bug = client(async () => answer({}), { get: never });
    const onHeader = (): never => {
      throw new TypeError("bug");
    };
    await expect(bug.get({}, { onHeader })).rejects.toThrow("bug");
  });

  it("gives what the wire would give, and fails with what it throws", async () => {
    const none = new RpcError(Code.NotFound, "none");
    const throwing = client(failing(Code.Unavailable), {
      get() {
        throw none;
      },
    });
    await expect(throwing.get({})).rejects.toBe(none);
    const wrong = client(failing(Code.Unavailable), { get: async () => undefined as never });
    await expect(wrong.get({})).rejects.toMatchObject({
      code: Code.Internal,
      reason: "the fallback's answer is not a message of the method",
    });
  });

  it("takes the place of a stream before its first message", async () => {
    const fallback = {
      async *watch({ id }: { id?: string | undefined }) {
        yield { id: `${id}1` };
        yield { id: `${id}2` };
      },
    };
    expect(await ids(client(failing(Code.Unavailable), fallback).watch({ id: "f" }))).toEqual(["f1", "f2"]);
    const barren: Handler = async (call) =>
      streamAnswer(
        // oxlint-disable-next-line require-yield -- it fails before its first message
        (async function* () {
          throw new RpcError(Code.Internal, "broken");
        })(),
        call,
      );
    expect(await ids(client(barren, fallback).watch({ id: "f" }))).toEqual(["f1", "f2"]);
    const broken: Handler = async (call) =>
      streamAnswer(
        (async function* () {
          yield { id: "s1" };
          throw new RpcError(Code.Internal, "broken");
        })(),
        call,
      );
    await expect(ids(client(broken, fallback).watch({ id: "f" }))).rejects.toThrow("broken");
    await expect(ids(client(failing(Code.NotFound), fallback).watch({}))).rejects.toThrow("sick");
  });

  it("that fits no method is refused at start", () => {
    const upload = defineService<any>("test.v1.Store", Stock.file, {
      put: { name: "Put", kind: "client_streaming", idempotent: false },
    });
    const bind = (contract: any, fallback: unknown): unknown =>
      bindClient(contract, failing(Code.Ok), { clock: new FakeClock(), timeoutMs: 1 }, fallback as object);
    expect(() => bind(Stock, { got: () => ({}) })).toThrow(
      "client of test.v1.Stock: option fallback.got: test.v1.Stock has no such method",
    );
    expect(() => bind(Stock, { get: {} })).toThrow("option fallback.get: it is {}, not a function");
    expect(() => bind(Stock, null)).toThrow("option fallback is null; allowed: an object");
    expect(() => bind(upload, { put: () => ({}) })).toThrow("a method with a request stream has no fallback");
  });
});

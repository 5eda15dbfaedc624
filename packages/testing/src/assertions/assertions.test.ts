import { Code, Metadata, RpcError } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { setOrigin } from "../app/origin.js";
import type { CallRecord } from "../app/recorded-call.js";
import { assertCalled, assertCalledTimes, assertNotCalled } from "./calls.js";
import { isLike } from "./like.js";
import { assertDroppedNothing, type DropReceipt } from "./receipt.js";
import { assertRpcError } from "./rpc-error.js";

interface Charge extends CallRecord {
  readonly request: { readonly cents: string; readonly tags: readonly string[] };
}

function charge(cents: string, change: Partial<Charge> = {}): Charge {
  const request = { cents, tags: ["a", "b"] };
  return { metadata: new Metadata(), deadline: 1, atMs: 0, code: 0, error: undefined, request, ...change };
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was thrown";
}

describe("a value like another", () => {
  it("has what the other names, and lists of the same length", () => {
    const actual = { a: 1, b: { c: "x", d: [1, { e: 2, f: 3 }] }, bytes: Buffer.from("x"), at: new Date(5) };
    for (const like of [
      {},
      { a: 1 },
      { b: { d: [1, { e: 2 }] } },
      { bytes: new Uint8Array([120]) },
      { at: new Date(5) },
      actual,
    ])
      expect(isLike(actual, like), JSON.stringify(like)).toBe(true);
    for (const like of [
      { a: 2 },
      { z: 1 },
      { a: "1" },
      { b: { d: [1] } },
      { b: { d: { 0: 1, 1: 3 } } },
      { b: null },
      { a: { b: 1 } },
      { bytes: Buffer.from("y") },
      { at: new Date(6) },
      { b: [] },
    ])
      expect(isLike(actual, like), JSON.stringify(like)).toBe(false);
    expect(isLike({ n: Number.NaN }, { n: Number.NaN })).toBe(true);
    expect(isLike({}, { a: undefined })).toBe(true);
  });

  it("has the keys of metadata that the other names", () => {
    const metadata = new Metadata();
    metadata.set("x", "1");
    metadata.set("y", "2");
    const like = new Metadata();
    like.set("x", "1");
    expect(isLike({ metadata }, { metadata: like })).toBe(true);
    like.set("z", "3");
    expect(isLike({ metadata }, { metadata: like })).toBe(false);
    expect(isLike({ metadata: {} }, { metadata: like })).toBe(false);
  });
});

describe("assertions on calls", () => {
  const calls = setOrigin([charge("1"), charge("2")], { seed: 7, method: "shop.v1.Billing/Charge" });

  it("hold for calls there were, and give the call", () => {
    expect(assertCalled(calls)).toBe(calls[0]);
    expect(assertCalled(calls, { request: { cents: "2" } })).toBe(calls[1]);
    assertCalledTimes(calls, 2);
    assertCalledTimes(calls, 1, { request: { cents: "1" } });
    assertNotCalled(calls, { request: { cents: "3" } });
    assertNotCalled([]);
  });

  it("fail with the method, the calls there were, and the seed", () => {
    expect(messageOf(() => assertCalled(setOrigin([], { seed: 7, method: "a.B/C" })))).toBe(
      "a.B/C was not called (seed 7)",
    );
    expect(messageOf(() => assertCalled(calls, { request: { cents: "3" } }))).toBe(
      "shop.v1.Billing/Charge was not called like { request: { cents: '3' } }; its calls:\n" +
        "  1. { code: 0, request: { cents: '1', tags: [ 'a', 'b' ] } }\n" +
        "  2. { code: 0, request: { cents: '2', tags: [ 'a', 'b' ] } } (seed 7)",
    );
    expect(messageOf(() => assertNotCalled(calls, { request: { cents: "1" } }))).toContain(
      "shop.v1.Billing/Charge was called 1 times like { request: { cents: '1' } }, not 0",
    );
    expect(messageOf(() => assertCalledTimes([], 1))).toBe("the method was called 0 times, not 1");
  });

  it("show metadata and errors, and not every one of many calls", () => {
    const metadata = new Metadata();
    metadata.set("x", "1");
    const error = new RpcError(Code.NotFound, "no such order");
    const many = [charge("1", { metadata, error }), ...Array.from({ length: 9 }, () => charge("2"))];
    const message = messageOf(() => assertCalledTimes(many, 1));
    expect(message).toContain("error: '[not_found]: no such order'");
    expect(message).toContain("metadata: { x: '1' }");
    expect(message).toContain("and 5 more");
  });
});

describe("an assertion on a call that fails", () => {
  const failing = (): Promise<never> => Promise.reject(new RpcError(Code.NotFound, "no such order"));
  const stream = async function* (): AsyncIterable<number> {
    yield 1;
    await failing();
  };

  it("holds for the code, the words and a pattern, and gives the error", async () => {
    expect(await assertRpcError(failing(), Code.NotFound)).toBeInstanceOf(RpcError);
    await assertRpcError(failing(), Code.NotFound, "no such order");
    await assertRpcError(failing(), Code.NotFound, /such/);
    await assertRpcError(stream(), Code.NotFound);
  });

  it("fails with what was expected, what happened, and the seed", async () => {
    const cases: [Parameters<typeof assertRpcError>, string][] = [
      [[Promise.resolve(1), Code.NotFound], "the call should have failed with [not_found], but it succeeded"],
      [
        [setOrigin(Promise.resolve(1), { seed: 7 }), Code.NotFound, "x"],
        'the call should have failed with [not_found] "x", but it succeeded (seed 7)',
      ],
      [
        [failing(), Code.Internal],
        "the call should have failed with [internal], but it failed with: [not_found]: no such order",
      ],
      [
        [failing(), Code.NotFound, /other/],
        "the call should have failed with [not_found] /other/, but it failed with: [not_found]: no such order",
      ],
      [
        [Promise.reject(new TypeError("a bug")), Code.NotFound],
        "the call should have failed with [not_found], but it failed otherwise: TypeError: a bug",
      ],
      [
        [(async function* () {})(), Code.NotFound],
        "the call should have failed with [not_found], but it succeeded",
      ],
    ];
    for (const [args, message] of cases) await expect(assertRpcError(...args)).rejects.toThrow(message);
    await expect(assertRpcError(failing(), Code.Internal)).rejects.toMatchObject({
      cause: { reason: "no such order" },
    });
  });
});

describe("an assertion on a receipt", () => {
  const receipt = (change: Partial<DropReceipt>): DropReceipt => ({
    calls: 10,
    dropped: 0,
    streams: { opened: 1, dropped: 0 },
    firstDropped: [],
    ...change,
  });

  it("holds when calls or streams were made and none was dropped", () => {
    assertDroppedNothing(receipt({}));
    assertDroppedNothing(receipt({ calls: 0 }));
    assertDroppedNothing(receipt({ streams: { opened: 0, dropped: 0 } }));
  });

  it("fails for what was dropped, with the first of them, and for a receipt of nothing", () => {
    const dropped = {
      kind: "call",
      step: "restart",
      instance: "a:1",
      atMs: 5,
      latencyMs: 1,
      error: "[unavailable]: gone",
    } as const;
    expect(
      messageOf(() => assertDroppedNothing(receipt({ dropped: 1, firstDropped: [dropped], seed: 7 }))),
    ).toBe(
      "1 of 10 calls and 0 of 1 streams were dropped (seed 7)\n  call to a:1 during restart: [unavailable]: gone",
    );
    expect(messageOf(() => assertDroppedNothing(receipt({ streams: { opened: 1, dropped: 1 } })))).toContain(
      "0 of 10 calls and 1 of 1 streams were dropped",
    );
    expect(
      messageOf(() => assertDroppedNothing(receipt({ calls: 0, streams: { opened: 0, dropped: 0 } }))),
    ).toContain("the receipt shows nothing");
  });
});

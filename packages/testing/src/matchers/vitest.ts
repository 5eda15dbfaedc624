import type { Code } from "@rollcall/core";
import type { Matcher } from "vitest";
import type { CallRecord } from "../app/recorded-call.js";
import { assertCalled, assertCalledTimes } from "../assertions/calls.js";
import type { Like } from "../assertions/like.js";
import { assertDroppedNothing, type DropReceipt } from "../assertions/receipt.js";
import { assertRpcError } from "../assertions/rpc-error.js";

type MatcherResult = Awaited<ReturnType<Matcher>>;

/** What calls of `T` may be compared with. */
type LikeCallIn<T> = T extends readonly (infer C)[] ? Like<C> : never;

declare module "vitest" {
  // The names of the parameters are vitest's.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** Of a receipt: no call and no stream was dropped, and there were some. */
    toHaveDroppedNothing(): R;
    /** Of a call or a stream: it fails with the code, and with the words or the pattern if given. To be awaited. */
    toRejectWithCode(code: Code, reason?: string | RegExp): Promise<void>;
    /** Of `app.calls(Contract).method`: it was called, like this if given. */
    toHaveReceived(like?: LikeCallIn<T>): R;
    /** Of `app.calls(Contract).method`: it was called so often, counting calls like this if given. */
    toHaveReceivedTimes(times: number, like?: LikeCallIn<T>): R;
  }
}

/** The matchers: `expect.extend(matchers)` in a setup file. */
export const matchers: {
  toHaveDroppedNothing(receipt: DropReceipt): MatcherResult;
  toRejectWithCode(
    call: PromiseLike<unknown> | AsyncIterable<unknown>,
    code: Code,
    reason?: string | RegExp,
  ): Promise<MatcherResult>;
  toHaveReceived(calls: readonly CallRecord[], like?: object): MatcherResult;
  toHaveReceivedTimes(calls: readonly CallRecord[], times: number, like?: object): MatcherResult;
} = {
  toHaveDroppedNothing: (receipt) =>
    result(() => assertDroppedNothing(receipt), "something should have been dropped, but nothing was"),
  toRejectWithCode: async (call, code, reason) => {
    const outcome = await assertRpcError(call, code, reason).then(
      (error) => ({ error: undefined, message: error.message }),
      (error: unknown) => ({ error, message: "" }),
    );
    return result(() => {
      if (outcome.error) throw outcome.error;
    }, `the call should not have failed so, but did: ${outcome.message}`);
  },
  toHaveReceived: (calls, like) =>
    result(() => void assertCalled(calls, like), "the method should not have been called so, but was"),
  toHaveReceivedTimes: (calls, times, like) =>
    result(
      () => assertCalledTimes(calls, times, like),
      `the method should not have been called ${times} times`,
    ),
};

function result(assertion: () => void, otherwise: string): MatcherResult {
  try {
    assertion();
    return { pass: true, message: () => otherwise };
  } catch (error) {
    return { pass: false, message: () => (error as Error).message };
  }
}

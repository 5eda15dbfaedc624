import { assert } from "node:test";
import { ConfigError } from "@rollcall/core";
import { assertCalled, assertCalledTimes, assertNotCalled } from "../assertions/calls.js";
import { assertDroppedNothing } from "../assertions/receipt.js";
import { assertRpcError } from "../assertions/rpc-error.js";

/** The assertions as `t.assert` has them once registered. */
export interface RollcallAssert {
  readonly called: typeof assertCalled;
  readonly calledTimes: typeof assertCalledTimes;
  readonly notCalled: typeof assertNotCalled;
  readonly droppedNothing: typeof assertDroppedNothing;
  readonly rpcError: typeof assertRpcError;
}

const assertions: RollcallAssert = {
  called: assertCalled,
  calledTimes: assertCalledTimes,
  notCalled: assertNotCalled,
  droppedNothing: assertDroppedNothing,
  rpcError: assertRpcError,
};

/**
 * Adds the assertions to `t.assert` of every test of node:test: `await t.assert.rpcError(call, Code.NotFound)`.
 * @throws ConfigError before Node 22.14, which cannot be taught assertions: the plain functions work there too
 */
export function registerAssertions(): void {
  if (typeof assert?.register !== "function")
    throw new ConfigError("registerAssertions needs Node 22.14; call assertCalled and the others directly");
  for (const [name, assertion] of Object.entries(assertions))
    assert.register(name, (...args: readonly unknown[]) => {
      const asserted: unknown = (assertion as (...args: readonly unknown[]) => unknown)(...args);
      return asserted as void;
    });
}

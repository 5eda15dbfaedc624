import { AssertionError } from "node:assert";
import { codeName, RpcError, type Code } from "@rollcall/core";
import { seedNote } from "../app/origin.js";

/**
 * Asserts that a call fails with a code, and with words if they are given: all of them, or a pattern. A stream is read
 * to its end.
 * @returns the error, for more to be asked of it
 * @throws AssertionError, with what happened as its cause
 */
export async function assertRpcError(
  call: PromiseLike<unknown> | AsyncIterable<unknown>,
  code: Code,
  reason?: string | RegExp,
): Promise<RpcError> {
  const outcome = await outcomeOf(call);
  const error = "error" in outcome ? outcome.error : undefined;
  const wanted = `[${codeName(code)}]${reason === undefined ? "" : ` ${reason instanceof RegExp ? String(reason) : JSON.stringify(reason)}`}`;
  const fail = (happened: string): AssertionError =>
    Object.assign(
      new AssertionError({
        message: `the call should have failed with ${wanted}, but ${happened}${seedNote(error, call)}`,
        actual: error instanceof RpcError ? `[${codeName(error.code)}] ${error.reason}` : error,
        expected: wanted,
        operator: "rpcError",
      }),
      { cause: error },
    );
  if (!("error" in outcome)) throw fail("it succeeded");
  if (!(error instanceof RpcError)) throw fail(`it failed otherwise: ${String(error)}`);
  const said =
    reason === undefined ||
    (typeof reason === "string" ? error.reason === reason : reason.test(error.reason));
  if (error.code !== code || !said) throw fail(`it failed with: ${error.message}`);
  return error;
}

async function outcomeOf(
  call: PromiseLike<unknown> | AsyncIterable<unknown>,
): Promise<{ readonly error: unknown } | { readonly value: unknown }> {
  try {
    if (!(Symbol.asyncIterator in call)) return { value: await call };
    for await (const _ of call);
    return { value: undefined };
  } catch (error) {
    return { error };
  }
}

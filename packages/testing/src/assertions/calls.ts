import { AssertionError } from "node:assert";
import { inspect } from "node:util";
import type { CallRecord } from "../app/recorded-call.js";
import { originOf, seedNote } from "../app/origin.js";
import { isLike, type Like } from "./like.js";

/** As many as a message shows. */
const mostShown = 5;

/**
 * Asserts that a method was called, with a call like `like` if one is given:
 * `assertCalled(app.calls(Billing).charge, { request: { cents: "100" } })`.
 * @returns the first such call
 * @throws AssertionError that shows the calls there were
 */
export function assertCalled<C extends CallRecord>(calls: readonly C[], like?: Like<NoInfer<C>>): C {
  const found = calls.find((call) => isLike(call, like ?? {}));
  if (found) return found;
  const wanted = like === undefined ? "was not called" : `was not called like ${show(like)}`;
  throw failure(calls, `${nameOf(calls)} ${wanted}${made(calls)}`, like);
}

/**
 * Asserts how often a method was called, counting calls like `like` if it is given. Attempts count one by one.
 * @throws AssertionError that shows the calls there were
 */
export function assertCalledTimes<C extends CallRecord>(
  calls: readonly C[],
  times: number,
  like?: Like<NoInfer<C>>,
): void {
  const count = calls.filter((call) => isLike(call, like ?? {})).length;
  if (count === times) return;
  const wanted = like === undefined ? "" : ` like ${show(like)}`;
  throw failure(
    calls,
    `${nameOf(calls)} was called ${count} times${wanted}, not ${times}${made(calls)}`,
    like,
  );
}

/**
 * Asserts that a method was not called, or not with a call like `like`.
 * @throws AssertionError that shows the calls there were
 */
export function assertNotCalled<C extends CallRecord>(calls: readonly C[], like?: Like<NoInfer<C>>): void {
  assertCalledTimes(calls, 0, like);
}

function nameOf(calls: readonly unknown[]): string {
  return originOf(calls)?.method ?? "the method";
}

function made(calls: readonly CallRecord[]): string {
  if (calls.length === 0) return "";
  const shown = calls.slice(0, mostShown).map((call, index) => `\n  ${index + 1}. ${show(summary(call))}`);
  const more = calls.length - shown.length;
  return `; its calls:${shown.join("")}${more > 0 ? `\n  and ${more} more` : ""}`;
}

function summary(call: CallRecord): object {
  const { metadata, deadline: _, atMs: __, error, ...rest } = call;
  const map = metadata.getMap();
  return {
    ...rest,
    ...(error ? { error: error.message } : {}),
    ...(Object.keys(map).length > 0 ? { metadata: map } : {}),
  };
}

function show(value: unknown): string {
  return inspect(value, { depth: 4, breakLength: Infinity });
}

function failure(calls: readonly unknown[], message: string, expected: unknown): AssertionError {
  return new AssertionError({
    message: `${message}${seedNote(calls)}`,
    actual: [...calls],
    expected,
    operator: "called",
  });
}

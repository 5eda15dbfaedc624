import { AssertionError } from "node:assert";
import type { Receipt } from "../fleet/receipt.js";

/** What of a receipt says whether something was dropped. */
export type DropReceipt = Pick<Receipt, "calls" | "dropped" | "firstDropped"> & {
  readonly streams: Pick<Receipt["streams"], "opened" | "dropped">;
  /** Of the run, if it had one. */
  readonly seed?: number | undefined;
};

/** As many as a message shows. */
const mostShown = 5;

/**
 * Asserts that no call and no stream was dropped: what did not succeed was the application's answer, or the caller's
 * doing. A receipt without any call or stream fails: it shows nothing.
 * @throws AssertionError that lists the first dropped ones
 */
export function assertDroppedNothing(receipt: DropReceipt): void {
  const { calls, dropped, streams, firstDropped, seed } = receipt;
  const note = seed === undefined ? "" : ` (seed ${seed})`;
  if (calls === 0 && streams.opened === 0)
    throw failure(`the receipt shows nothing: no call was made and no stream was opened${note}`, 1, 0);
  if (dropped === 0 && streams.dropped === 0) return;
  const first = firstDropped
    .slice(0, mostShown)
    .map(({ kind, step, instance, error }) => `\n  ${kind} to ${instance} during ${step}: ${error}`);
  const total = `${dropped} of ${calls} calls and ${streams.dropped} of ${streams.opened} streams`;
  throw failure(`${total} were dropped${note}${first.join("")}`, dropped + streams.dropped, 0);
}

function failure(message: string, actual: number, expected: number): AssertionError {
  return new AssertionError({ message, actual, expected, operator: "droppedNothing" });
}

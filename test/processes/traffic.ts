import {
  createReceipt,
  formatReceipt,
  recordedLoop,
  type Receipt,
  type RecordedLoopOptions,
} from "@rollcall/testing/fleet";
import { expect } from "vitest";

/** Calls at a steady rate, whatever the answers do, until it is ended. */
export interface Traffic extends AsyncDisposable {
  /** Calls due from now on are counted apart. */
  step(name: string): void;
  /**
   * Resolves when so many have ended well. To be awaited before an instance is killed: the retry budget of a client that has
   * only begun is its reserve of ten calls, and a busy machine has more than those in one instance's hands.
   */
  succeeded(calls: number): Promise<void>;
  /** Makes no more calls, waits for the answers of all. */
  end(): Promise<Receipt>;
}

export function startTraffic(options: Pick<RecordedLoopOptions, "ratePerSecond" | "call">): Traffic {
  const recorder = createReceipt();
  const ending = new AbortController();
  const loop = recordedLoop({ ...options, recorder, signal: ending.signal });
  return {
    step: (name) => recorder.step(name),
    async succeeded(calls) {
      await expect.poll(() => recorder.receipt().ok, { timeout: 20_000 }).toBeGreaterThanOrEqual(calls);
    },
    async end() {
      ending.abort();
      await loop;
      return recorder.receipt();
    },
    async [Symbol.asyncDispose]() {
      await this.end();
    },
  };
}

/** Fails with the whole receipt, or says nothing. */
export function expectNoneDropped(receipt: Receipt): void {
  expect(receipt.dropped, formatReceipt(receipt)).toBe(0);
  expect(receipt.calls).toBeGreaterThan(0);
}

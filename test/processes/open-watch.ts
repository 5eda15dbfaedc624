import type { ClientOf } from "@rollcall/core";
import type { Orders } from "../fixtures/gen/shop/v1/shop.js";

/** A server stream that is read for as long as it lasts. Disposing cancels it. */
export interface OpenWatch extends AsyncDisposable {
  readonly messages: number;
  /** The pids of the processes that have served it, in order. */
  readonly servedBy: readonly string[];
  /** Why it broke, if it did. */
  readonly error: unknown;
}

export function openWatch(orders: ClientOf<Orders>): OpenWatch {
  const ending = new AbortController();
  const servedBy: string[] = [];
  const state = { messages: 0, servedBy, error: undefined as unknown };
  const read = async (): Promise<void> => {
    try {
      for await (const { id } of orders.watch({}, { signal: ending.signal })) {
        state.messages++;
        if (servedBy.at(-1) !== id) servedBy.push(id);
      }
    } catch (error) {
      if (!ending.signal.aborted) state.error = error;
    }
  };
  const done = read();
  return Object.assign(state, {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await done;
    },
  });
}

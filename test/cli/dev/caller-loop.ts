import { createClient } from "@rollcall/app";
import { openLoop } from "@rollcall/testing/fleet";
import { expect } from "vitest";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";

/** Calls a service a hundred times a second until it is disposed of, and keeps what it got. */
export class CallerLoop implements AsyncDisposable {
  readonly errors: unknown[] = [];
  answers = 0;
  last = "";
  readonly #over = new AbortController();
  readonly #done: Promise<unknown>;

  constructor(registry: string) {
    this.#done = this.#run(registry);
  }

  /** Waits until calls are answered so. */
  async answered(word: string): Promise<void> {
    await expect.poll(() => this.last, { timeout: 60_000 }).toBe(word);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#done;
  }

  async #run(registry: string): Promise<void> {
    await using orders = createClient(Orders, { registry, timeoutMs: 60_000 });
    await openLoop({
      ratePerSecond: 100,
      signal: this.#over.signal,
      call: async () => (await orders.get({ id: "1" })).id,
      settled: (shot) => {
        if (shot.ok) {
          this.answers++;
          this.last = shot.value;
        } else {
          this.errors.push(shot.error);
        }
      },
    });
  }
}

import type { Logger } from "pino";

/** Before the next attempt, as the bound of a full jitter: doubles from the first to the longest. */
const firstMs = 500;
const longestMs = 10_000;

/** Faults in a row: one warning for all of them, and ever longer pauses. */
export class FaultRow {
  readonly #logger: Logger;
  readonly #what: string;
  readonly #random: () => number;
  #count = 0;

  /** @param what what fails, as the start of the line: `reports of attempts on shop.v1.Orders` */
  constructor(logger: Logger, what: string, random: () => number) {
    this.#logger = logger;
    this.#what = what;
    this.#random = random;
  }

  /** Counts a fault; warns of the first in a row. Returns the milliseconds to wait before the next attempt. */
  failed(error: unknown): number {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#count === 0) this.#logger.warn({ reason }, `${this.#what} failed: trying again`);
    const bound = Math.min(longestMs, firstMs * 2 ** this.#count);
    this.#count++;
    return bound * (0.5 + this.#random() / 2);
  }

  /** Ends the row, and says so when there was one. */
  recovered(): void {
    if (this.#count > 0) this.#logger.info({ failures: this.#count }, `${this.#what} work again`);
    this.#count = 0;
  }
}

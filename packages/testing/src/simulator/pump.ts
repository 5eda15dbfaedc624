import type { FakeClock } from "../clock/fake-clock.js";

/** How far time moves before it is looked whether anybody still waits. */
const stepMs = 10;

/** Moves a fake clock for as long as somebody waits for something to happen in its time, and no longer. */
export class Pump {
  readonly #clock: FakeClock;
  #waiting = 0;
  #running: Promise<void> | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** The promise's outcome, with time passing until then. Several at once share the time that passes. */
  async until<T>(promise: Promise<T>): Promise<T> {
    this.#waiting++;
    const over = promise.finally(() => this.#waiting--);
    this.#running ??= this.#run();
    return await over;
  }

  async #run(): Promise<void> {
    // Lets `#running` be set before it is cleared.
    await Promise.resolve();
    while (this.#waiting > 0) await this.#clock.advance(stepMs);
    this.#running = undefined;
  }
}

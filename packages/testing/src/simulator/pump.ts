import { settle, type FakeClock } from "../clock/fake-clock.js";

/** How far time moves at least before it is looked whether anybody still waits. */
const stepMs = 10;

/** Moves a fake clock for as long as somebody waits for something to happen in its time, and no longer. */
export class Pump {
  readonly #clock: FakeClock;
  #waiting = 0;
  #running: Promise<void> | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /**
   * The promise's outcome, with time passing until then. Several at once share the time that passes. Never settles, and
   * leaves the event loop to the promise, when no timer is set that could bring it about.
   */
  async until<T>(promise: Promise<T>): Promise<T> {
    this.#waiting++;
    const over = promise.finally(() => this.#waiting--);
    this.#running ??= this.#run();
    return await over;
  }

  async #run(): Promise<void> {
    // Lets `#running` be set before it is cleared.
    await Promise.resolve();
    while (this.#waiting > 0) {
      const nextMs = this.#clock.nextInMs;
      if (nextMs === undefined) await settle();
      else await this.#clock.advance(Math.max(stepMs, nextMs));
    }
    this.#running = undefined;
  }
}

import { settle, type FakeClock } from "../clock/fake-clock.js";

/** How far time moves at least before it is looked whether anybody still waits. */
const stepMs = 10;
/** What a program that waits for something real may take, in turns of the event loop. */
const mostIdleTurns = 1_000;
/** Nothing that is simulated takes this long by itself. */
const longestMs = 10 * 60_000;

/** Moves a fake clock for as long as somebody waits for something to happen in its time, and no longer. */
export class Pump {
  readonly #clock: FakeClock;
  #waiting = 0;
  #running: Promise<void> | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /**
   * The promise's outcome, with time passing until then. Several at once share the time that passes.
   * @throws when nothing is set to happen that could bring it about, or too much simulated time has passed
   */
  async until<T>(promise: Promise<T>): Promise<T> {
    this.#waiting++;
    const over = promise.finally(() => this.#waiting--);
    this.#running ??= this.#run();
    return await Promise.race([over, this.#running.then(() => over)]);
  }

  async #run(): Promise<void> {
    // Lets `#running` be set before it is cleared.
    await Promise.resolve();
    const lastMs = this.#clock.now() + longestMs;
    try {
      for (let idle = 0; this.#waiting > 0;) {
        const nextMs = this.#clock.nextInMs;
        if (++idle > mostIdleTurns) throw new Error("the simulation waits for something that never happens");
        if (this.#clock.now() > lastMs)
          throw new Error(`the simulation has waited for ${longestMs} ms of its time`);
        if (nextMs === undefined) {
          await settle();
          continue;
        }
        idle = 0;
        await this.#clock.advance(Math.max(stepMs, nextMs));
      }
    } finally {
      this.#running = undefined;
    }
  }
}

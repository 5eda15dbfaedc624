/** How long a process looks for what is likely to come next before it sleeps, in microseconds. */
export const defaultBusyPollUs = 300;

/** So many looks in vain are made up for by those before that found something. */
const mostCredit = 32;

/** What a poll begins with: most of those that do not pay never will. */
const firstCredit = 4;

/** Without credit one chance in so many is taken. */
const probeEvery = 256;

export interface BusyPollOptions {
  /** In microseconds; 0 never to look. Default 300. */
  readonly busyPollUs?: number | undefined;
  /** In milliseconds. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
  /** Runs a function in the next turn of the event loop, which does not sleep until then. Default `setImmediate`. */
  readonly nextTurn?: ((run: () => void) => void) | undefined;
}

/**
 * Keeps the event loop looking for the next frame of a lane, for a moment, where it would go to sleep: to be woken costs more
 * than most waits of one call after the other, in time and in CPU, and what wakes up finds cold caches.
 *
 * It learns whether that pays. Looks in vain may not outnumber those that find something: each of these earns the credit for
 * one of those, up to 32. Without credit one chance in 256 is taken, so waits that are always too long cost next to nothing.
 * A single look in vain changes nothing: where one end sleeps, the other waits longer, and would stop looking too.
 */
export class BusyPoll {
  readonly #limitMs: number;
  readonly #now: () => number;
  readonly #nextTurn: (run: () => void) => void;
  #untilMs = 0;
  #waiting = false;
  #turning = false;
  #credit = firstCredit;
  /** Chances that were not taken, since the last that was. */
  #passed = 0;

  constructor({ busyPollUs = defaultBusyPollUs, now, nextTurn }: BusyPollOptions = {}) {
    this.#limitMs = busyPollUs / 1_000;
    this.#now = now ?? (() => performance.now());
    this.#nextTurn = nextTurn ?? setImmediate;
  }

  /** Something is likely to come soon. */
  expect(): void {
    if (this.#waiting || this.#limitMs === 0) return;
    if (this.#credit === 0 && ++this.#passed < probeEvery) return;
    this.#passed = 0;
    this.#waiting = true;
    this.#untilMs = this.#now() + this.#limitMs;
    if (this.#turning) return;
    this.#turning = true;
    this.#nextTurn(this.#turn);
  }

  /** It has come. */
  came(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#credit = Math.min(mostCredit, this.#credit + 1);
  }

  readonly #turn = (): void => {
    if (this.#waiting && this.#now() < this.#untilMs) return this.#nextTurn(this.#turn);
    this.#turning = false;
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#credit = Math.max(0, this.#credit - 1);
  };
}

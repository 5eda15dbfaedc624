/** How long a process looks for what is likely to come next before it sleeps, in microseconds. */
export const defaultBusyPollUs = 200;

/** After a look in vain this many chances are let go at most. */
const mostPassed = 1_023;

export interface BusyPollOptions {
  /** In microseconds; 0 never to look. Default 200. */
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
 * It learns whether that pays, as the adaptive halt polling of Linux's KVM does (`halt_poll_ns`, Documentation/virt/kvm/halt-polling.rst):
 * each look in vain doubles how many chances are let go before the next one, up to 1,023, and each that finds something halves
 * it. So waits that are always too long cost one look in a thousand.
 */
export class BusyPoll {
  readonly #limitMs: number;
  readonly #now: () => number;
  readonly #nextTurn: (run: () => void) => void;
  #untilMs = 0;
  #waiting = false;
  #turning = false;
  /** Chances to let go after the next look in vain. */
  #penalty = 0;
  #toPass = 0;

  constructor({ busyPollUs = defaultBusyPollUs, now, nextTurn }: BusyPollOptions = {}) {
    this.#limitMs = busyPollUs / 1_000;
    this.#now = now ?? (() => performance.now());
    this.#nextTurn = nextTurn ?? setImmediate;
  }

  /** Something is likely to come soon. */
  expect(): void {
    if (this.#waiting || this.#limitMs === 0) return;
    if (this.#toPass > 0) {
      this.#toPass--;
      return;
    }
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
    this.#penalty >>= 1;
  }

  readonly #turn = (): void => {
    if (this.#waiting && this.#now() < this.#untilMs) return this.#nextTurn(this.#turn);
    this.#turning = false;
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#penalty = Math.min(mostPassed, 2 * this.#penalty + 1);
    this.#toPass = this.#penalty;
  };
}

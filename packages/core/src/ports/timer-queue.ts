import { AsyncLocalStorage } from "node:async_hooks";

/** Time and one timer, as the machine has them. */
export interface TimerDriver {
  /** Milliseconds that only go forward. */
  now(): number;
  /** As `setTimeout`. */
  start(ms: number, fire: () => void): DriverTimer;
}

/** As Node's `Timeout`. */
export interface DriverTimer {
  ref(): unknown;
  unref(): unknown;
  stop(): void;
}

interface Entry {
  fire: () => void;
  /** The slot it is in; undefined once it has fired or was stopped. */
  slot: Slot | undefined;
  previous: Entry | undefined;
  next: Entry | undefined;
}

/** The timers that are due at the same time. */
interface Slot {
  readonly number: number;
  first: Entry | undefined;
  last: Entry | undefined;
}

/** The width of a slot: how late a timer may be. */
const slotMs = 4;

/** The longest delay a Node timer takes. */
const longestMs = 2 ** 31 - 1;

/**
 * Many timers on one of the machine's. A deadline is set for every call and hardly ever reached: a timer of Node's for each
 * would take longer than most of what else is done for a call. A timer fires up to 4 ms late, in no call's context.
 */
export class TimerQueue {
  readonly #driver: TimerDriver;
  readonly #slots = new Map<number, Slot>();
  #count = 0;
  #armed: { readonly timer: DriverTimer; readonly slot: number } | undefined;

  constructor(driver: TimerDriver) {
    this.#driver = driver;
  }

  /** Calls `fire` once after `ms`; returns its cancellation. */
  add(ms: number, fire: () => void): () => void {
    const number = Math.ceil((this.#driver.now() + ms) / slotMs);
    let slot = this.#slots.get(number);
    if (!slot) this.#slots.set(number, (slot = { number, first: undefined, last: undefined }));
    const entry: Entry = { fire, slot, previous: slot.last, next: undefined };
    if (slot.last) slot.last.next = entry;
    else slot.first = entry;
    slot.last = entry;
    if (++this.#count === 1) this.#armed?.timer.ref();
    if (!this.#armed || number < this.#armed.slot) this.#arm(number);
    return () => this.#remove(entry);
  }

  #remove(entry: Entry): void {
    const { slot, previous, next } = entry;
    if (!slot) return;
    entry.slot = undefined;
    if (previous) previous.next = next;
    else slot.first = next;
    if (next) next.previous = previous;
    else slot.last = previous;
    if (!slot.first) this.#slots.delete(slot.number);
    // What nobody waits for any more must not keep the process from ending. It stays armed: others follow.
    if (--this.#count === 0) this.#armed?.timer.unref();
  }

  #arm(slot: number): void {
    this.#armed?.timer.stop();
    const ms = Math.min(longestMs, Math.max(0, slot * slotMs - this.#driver.now()));
    this.#armed = { slot, timer: this.#driver.start(ms, this.#fired) };
  }

  readonly #fired = (): void => {
    this.#armed = undefined;
    const now = this.#driver.now() / slotMs;
    const due = [...this.#slots.keys()].filter((number) => number <= now).sort((a, b) => a - b);
    for (const number of due) {
      const slot = this.#slots.get(number);
      for (let entry = slot?.first; entry; entry = slot?.first) {
        this.#remove(entry);
        fire(entry);
      }
    }
    let first = Infinity;
    for (const number of this.#slots.keys()) first = Math.min(first, number);
    if (first < Infinity) this.#arm(first);
  };
}

/** One that throws must not keep the others from firing: it is uncaught, as from a timer of its own. */
function fire(entry: Entry): void {
  try {
    entry.fire();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Outside of any call. */
const outside = AsyncLocalStorage.snapshot();

/** Timers of this machine. */
export const systemTimers: TimerQueue = new TimerQueue({
  now: () => performance.now(),
  start(ms, fire) {
    const timer = outside(() => setTimeout(fire, ms));
    return { ref: () => timer.ref(), unref: () => timer.unref(), stop: () => clearTimeout(timer) };
  },
});

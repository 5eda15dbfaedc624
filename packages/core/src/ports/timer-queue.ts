import { AsyncLocalStorage } from "node:async_hooks";
import { LinkedList } from "../collections/linked-list.js";

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

/** The timers that are due at the same time. */
interface Slot {
  readonly number: number;
  readonly timers: LinkedList<() => void>;
}

/** The width of a slot: how late a timer may be. */
const slotMs = 4;

/**
 * A timer that is a second late has been lost: a test that had taken the process's time away has given it back. It is
 * started again.
 */
const lostMs = 1_000;

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
  #armed: { readonly timer: DriverTimer; readonly slot: number; readonly dueMs: number } | undefined;

  constructor(driver: TimerDriver) {
    this.#driver = driver;
  }

  /** Calls `fire` once after `ms`; returns its cancellation. */
  add(ms: number, fire: () => void): () => void {
    const now = this.#driver.now();
    const number = Math.ceil((now + ms) / slotMs);
    let slot = this.#slots.get(number);
    if (!slot) this.#slots.set(number, (slot = { number, timers: new LinkedList() }));
    const { timers } = slot;
    const link = timers.add(fire);
    if (++this.#count === 1) this.#armed?.timer.ref();
    const armed = this.#armed;
    if (!armed || number < armed.slot) this.#arm(number);
    // Once: as long as the process does nothing but add timers, none can fire.
    else if (armed.dueMs + lostMs < now) this.#arm(armed.slot);
    return () => {
      if (!link.list) return;
      timers.remove(link);
      this.#left();
    };
  }

  #left(): void {
    // What nobody waits for any more must not keep the process from ending. It stays armed: others follow.
    if (--this.#count === 0) this.#armed?.timer.unref();
  }

  #arm(slot: number): void {
    this.#armed?.timer.stop();
    const now = this.#driver.now();
    const ms = Math.min(longestMs, Math.max(0, slot * slotMs - now));
    this.#armed = { slot, dueMs: now + ms, timer: this.#driver.start(ms, this.#fired) };
  }

  readonly #fired = (): void => {
    this.#armed = undefined;
    const now = this.#driver.now() / slotMs;
    const due = [...this.#slots.keys()].filter((number) => number <= now).sort((a, b) => a - b);
    for (const number of due) {
      const timers = this.#slots.get(number)?.timers;
      for (let link = timers?.shift(); link; link = timers?.shift()) {
        this.#left();
        call(link.value);
      }
      this.#slots.delete(number);
    }
    let first = Infinity;
    // Slots that are empty go when their time has come: calls come and go far more often.
    for (const { number, timers } of this.#slots.values())
      if (timers.size > 0) first = Math.min(first, number);
    if (first < Infinity) this.#arm(first);
  };
}

/** One that throws must not keep the others from firing: it is uncaught, as from a timer of its own. */
function call(fire: () => void): void {
  try {
    fire();
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

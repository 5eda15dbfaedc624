import { sleepOn, type Clock } from "@rollcall/core";

interface Timer {
  readonly at: number;
  readonly order: number;
  /** Undefined once it has fired or was cancelled. */
  fire: (() => void) | undefined;
}

/** Of the event loop, at most: one for what is ready, and two for those that let others go first by a turn, as the pipeline does. */
const mostTurns = 3;

/** As it was before a test replaced the machine's timers by some of its own. */
const nextTurn = setImmediate;

/** Lets everything that is ready to run do so: promise reactions of any depth, but nothing that waits for the world. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    let turns = 0;
    // A turn runs all that is ready but what asked for the next one.
    const turn = (): void => void (++turns < mostTurns && isTurnWanted() ? nextTurn(turn) : resolve());
    nextTurn(turn);
  });
}

/** Whether something is to run in the next turn of the event loop. */
function isTurnWanted(): boolean {
  return process.getActiveResourcesInfo().includes("Immediate");
}

/** Cancelled timers that may stay in the heap whatever its size. */
const spareTimers = 1_000;

/**
 * A clock that stands still until it is advanced. Timers fire in the order of their times, equal times in the order in
 * which they were set, each after all that the one before it set in motion: the same program does the same every time.
 */
export class FakeClock implements Clock {
  #nowMs: number;
  #order = 0;
  /** A binary heap by time and order: a simulated fleet has thousands of them. */
  readonly #timers: Timer[] = [];
  #pending = 0;

  /** @param startMs milliseconds since the epoch; default 2023-11-14T22:13:20Z */
  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  timer(ms: number, fire: () => void): () => void {
    if (ms === Infinity) return () => {};
    const timer: Timer = { at: this.#nowMs + Math.max(0, ms), order: this.#order++, fire };
    push(this.#timers, timer);
    this.#pending++;
    return () => void this.#take(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** Timers that are set: what a test of leaks looks at. */
  get pending(): number {
    return this.#pending;
  }

  /** How long until the next timer fires, 0 or more; undefined when none is set. */
  get nextInMs(): number | undefined {
    const next = this.#next();
    return next && Math.max(0, next.at - this.#nowMs);
  }

  /** Lets time pass without firing anything, as when the process was stopped; the next advance fires it late. */
  skip(ms: number): void {
    this.#nowMs += ms;
  }

  /**
   * Moves on by `ms`, firing what falls due on the way.
   * @throws RangeError unless `ms` is 0 or more and finite
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`a clock cannot be advanced by ${ms} ms`);
    await this.advanceTo(this.#nowMs + ms);
  }

  /** Moves on to a time, in milliseconds since the epoch; one that has passed fires what is due and no more. */
  async advanceTo(untilMs: number): Promise<void> {
    await settle();
    for (let next = this.#next(); next && next.at <= untilMs; next = this.#next()) {
      this.#nowMs = Math.max(this.#nowMs, next.at);
      pop(this.#timers);
      this.#take(next)?.();
      await settle();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** The earliest timer that was not cancelled. */
  #next(): Timer | undefined {
    for (let first = this.#timers[0]; first; first = this.#timers[0]) {
      if (first.fire) return first;
      pop(this.#timers);
    }
    return undefined;
  }

  #take(timer: Timer): (() => void) | undefined {
    const { fire } = timer;
    if (fire) this.#pending--;
    timer.fire = undefined;
    if (this.#timers.length > 2 * this.#pending + spareTimers) this.#forgetCancelled();
    return fire;
  }

  /** Deadlines are set far ahead and cancelled soon: they must not pile up until their time. */
  #forgetCancelled(): void {
    const live = this.#timers.filter(({ fire }) => fire);
    // Sorted is a heap too.
    this.#timers.splice(0, Infinity, ...live.toSorted((a, b) => (before(a, b) ? -1 : 1)));
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  heap.push(timer);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(timer, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop()!;
  const size = heap.length;
  if (size === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}

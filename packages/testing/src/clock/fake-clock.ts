import { setImmediate } from "node:timers/promises";
import { sleepOn, type Clock } from "@rollcall/core";

interface Timer {
  readonly at: number;
  readonly order: number;
  /** Undefined once it has fired or was cancelled. */
  fire: (() => void) | undefined;
}

/** Lets everything that is ready to run do so: promise reactions of any depth, but nothing that waits for the world. */
export async function settle(): Promise<void> {
  await setImmediate();
}

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

  /** Moves on by `ms`, firing what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const until = this.#nowMs + ms;
    await settle();
    for (let next = this.#timers[0]; next && next.at <= until; next = this.#timers[0]) {
      pop(this.#timers);
      const fire = this.#take(next);
      if (!fire) continue;
      this.#nowMs = Math.max(this.#nowMs, next.at);
      fire();
      await settle();
    }
    this.#nowMs = until;
    await settle();
  }

  #take(timer: Timer): (() => void) | undefined {
    const { fire } = timer;
    if (fire) this.#pending--;
    timer.fire = undefined;
    return fire;
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

import type { Clock } from "@rollcall/core";

/** Hands items on in their order, each after its delay or after the item before it, whichever is later. */
export class DelayedQueue<T> {
  readonly #clock: Clock;
  readonly #deliver: (item: T) => void;
  readonly #waiting: { readonly item: T; readonly dueAt: number }[] = [];
  #stopTimer: (() => void) | undefined;

  constructor(clock: Clock, deliver: (item: T) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  push(item: T, delayMs: number): void {
    if (delayMs === 0 && this.#waiting.length === 0) {
      this.#deliver(item);
      return;
    }
    this.#waiting.push({ item, dueAt: this.#clock.now() + delayMs });
    if (!this.#stopTimer) this.#arm();
  }

  /** Drops what waits. */
  clear(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#waiting.length = 0;
  }

  #arm(): void {
    const next = this.#waiting[0];
    if (!next) {
      this.#stopTimer = undefined;
      return;
    }
    this.#stopTimer = this.#clock.timer(next.dueAt - this.#clock.now(), () => {
      this.#waiting.shift();
      this.#deliver(next.item);
      this.#arm();
    });
  }
}

import { sleepOn, type Clock } from "@rollcall/core";

interface Pending {
  readonly at: number;
  readonly fire: () => void;
  stop: () => void;
}

/**
 * The clock of one simulated process. While the process is paused (SIGSTOP) its timers wait, and fall due at once when
 * it goes on; when it is dead (SIGKILL) none fires any more.
 */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #pending = new Set<Pending>();
  #state: "running" | "paused" | "dead" = "running";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  timer(ms: number, fire: () => void): () => void {
    if (ms === Infinity || this.#state === "dead") return () => {};
    const timer: Pending = { at: this.now() + Math.max(0, ms), fire, stop: () => {} };
    this.#pending.add(timer);
    if (this.#state === "running") this.#arm(timer);
    return () => {
      timer.stop();
      this.#pending.delete(timer);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  pause(): void {
    if (this.#state !== "running") return;
    this.#state = "paused";
    for (const timer of this.#pending) timer.stop();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    for (const timer of this.#pending) this.#arm(timer);
  }

  kill(): void {
    this.#state = "dead";
    for (const timer of this.#pending) timer.stop();
    this.#pending.clear();
  }

  #arm(timer: Pending): void {
    timer.stop = this.#clock.timer(timer.at - this.now(), () => {
      this.#pending.delete(timer);
      timer.fire();
    });
  }
}

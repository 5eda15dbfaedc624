import type { Clock } from "@rollcall/core";

/** What happened, as lines with the simulated time; the same seed and steps give the same lines. */
export class EventLog {
  readonly lines: string[] = [];
  readonly #clock: Clock;
  readonly #startMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  /** Milliseconds since the simulation began. */
  get elapsedMs(): number {
    return this.#clock.now() - this.#startMs;
  }

  /** @param who the process, caller or part it happened to */
  add(who: string, what: string): void {
    this.lines.push(`${(this.elapsedMs / 1000).toFixed(3).padStart(8)} ${who} ${what}`);
  }

  toString(): string {
    return this.lines.join("\n");
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import type { FleetProcess } from "@rollcall/testing/fleet";

/** What a row gets: an end to heed, a place for what it starts, and someone to tell. */
export class RowContext implements AsyncDisposable {
  readonly #owned: AsyncDisposable[] = [];
  readonly #processes: FleetProcess[] = [];

  /**
   * @param signal aborts when the row has taken too long, or the whole run is interrupted
   * @param note a line for who watches, kept with the result
   */
  constructor(
    readonly signal: AbortSignal,
    readonly note: (line: string) => void,
  ) {}

  /** Ended with the row, the newest first. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.#owned.push(resource);
    return resource;
  }

  /** A process whose output is shown when the row fails. Ended with the row. */
  own<T extends FleetProcess>(process: T): T {
    this.#processes.push(process);
    return this.use(process);
  }

  /** Runs at the end of the row, in the place of a resource. */
  finally(end: () => Promise<unknown> | void): void {
    this.use({
      async [Symbol.asyncDispose]() {
        await end();
      },
    });
  }

  async sleep(ms: number): Promise<void> {
    await sleep(Math.max(0, ms), undefined, { signal: this.signal });
  }

  /** Asks every `everyMs` until it is so; resolves with how long that took, rejects when it takes longer than `withinMs`. */
  async until(
    what: string,
    withinMs: number,
    ask: () => boolean | Promise<boolean>,
    everyMs = 20,
  ): Promise<number> {
    const from = performance.now();
    while (!(await ask())) {
      if (performance.now() - from > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
      await this.sleep(everyMs);
    }
    return performance.now() - from;
  }

  /** The last lines of every process, warnings and worse first of all. */
  evidence(linesEach = 6): string[] {
    return this.#processes.flatMap((process) => {
      const telling = process.logs.filter((line) => !/"level":[123]0,/.test(line));
      return telling
        .slice(-linesEach)
        .map((line) => `${process.name} (${process.pid}): ${line.slice(0, 400)}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (const resource of this.#owned.splice(0).toReversed()) {
      try {
        await resource[Symbol.asyncDispose]();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, "not all of the row could be ended");
  }
}

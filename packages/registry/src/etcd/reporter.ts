import { mostReporters } from "@rollcall/core";
import { Flight } from "./flight.js";
import { under } from "./keys.js";
import { persist } from "./persist.js";
import { orAborted } from "./retry.js";
import type { RolloutOptions } from "./rollout-options.js";

/** How many reports are put before a caller looks again whether it is among those who report. */
const checkEvery = 15;

/**
 * One caller's reports of one kind on one service. Those with the lowest ids report: a caller that finds enough others below its own
 * id keeps quiet, and takes back what it had put. It looks before the first report and before every 15th.
 */
export class Reporter {
  readonly #options: RolloutOptions;
  readonly #prefix: string;
  readonly #key: Buffer;
  #asked = 0;
  #chosen = false;
  #put = false;
  #last: Promise<unknown> = Promise.resolve();
  readonly #flight = new Flight();

  /** @param prefix where the reports of all callers on the service stand */
  constructor(prefix: string, caller: string, options: RolloutOptions) {
    this.#options = options;
    this.#prefix = prefix;
    this.#key = Buffer.from(this.#prefix + caller);
  }

  /** See `RolloutStore.report`; a report is kept as it is. */
  report(document: string, signal: AbortSignal): Promise<boolean> {
    return this.#inTurn(signal, async () => {
      if (this.#asked % checkEvery === 0) this.#chosen = await this.#isChosen(signal);
      this.#asked += 1;
      if (this.#chosen) await this.#keep(Buffer.from(document), signal);
      else if (this.#put) await this.#delete(signal);
      return this.#chosen;
    });
  }

  /** See `RolloutStore.withdraw`. */
  withdraw(signal: AbortSignal): Promise<void> {
    return this.#inTurn(signal, async () => {
      this.#asked = 0;
      await this.#delete(signal);
    });
  }

  /** So that no earlier report ends up over a later one, or after a withdrawal. */
  #inTurn<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    const before = this.#last.then(() => this.#flight.landed());
    const done = orAborted(before, signal).then(run);
    // Who does not wait any more must not let the next one overtake.
    this.#last = Promise.allSettled([before, done]);
    return done;
  }

  async #isChosen(signal: AbortSignal): Promise<boolean> {
    const { kv } = this.#options;
    const { key, end } = under(this.#prefix);
    const request = { key, ...(end ? { range_end: end } : {}), keys_only: true, limit: mostReporters };
    const { kvs } = await persist(
      `looking who reports at ${this.#prefix}`,
      () => kv.call(({ kv }) => kv.range(request)),
      this.#options,
      signal,
    );
    const last = kvs.at(-1)?.key;
    return kvs.length < mostReporters || !last || Buffer.compare(this.#key, last) <= 0;
  }

  async #keep(value: Buffer, signal: AbortSignal): Promise<void> {
    const { kv, session } = this.#options;
    this.#put = true;
    await persist(
      `reporting at ${this.#prefix}`,
      () =>
        session.use(
          ({ id: lease }) => this.#flight.send(kv.call(({ kv }) => kv.put({ key: this.#key, value, lease }))),
          signal,
        ),
      this.#options,
      signal,
    );
  }

  async #delete(signal: AbortSignal): Promise<void> {
    const { kv } = this.#options;
    await persist(
      `withdrawing a report at ${this.#prefix}`,
      () => this.#flight.send(kv.call(({ kv }) => kv.deleteRange({ key: this.#key }))),
      this.#options,
      signal,
    );
    this.#put = false;
  }
}

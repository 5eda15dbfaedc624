import type { Clock } from "@rollcall/core";

/** Puts changes that come soon after each other together: an editor saves many files, and each in several steps. */
export class ChangeBatch {
  readonly #clock: Clock;
  readonly #quietMs: number;
  readonly #deliver: (files: readonly string[]) => Promise<void>;
  readonly #files = new Set<string>();
  #cancel: () => void = () => {};
  #delivered: Promise<void> = Promise.resolve();

  /**
   * @param quietMs without a change until a batch is complete
   * @param deliver gets one batch after the other, each when the one before has settled; must not reject
   */
  constructor(clock: Clock, quietMs: number, deliver: (files: readonly string[]) => Promise<void>) {
    this.#clock = clock;
    this.#quietMs = quietMs;
    this.#deliver = deliver;
  }

  add(...files: readonly string[]): void {
    for (const file of files) this.#files.add(file);
    this.#cancel();
    this.#cancel = this.#clock.timer(this.#quietMs, () => {
      const complete = [...this.#files];
      this.#files.clear();
      this.#delivered = this.#delivered.then(() => this.#deliver(complete));
    });
  }

  /** Forgets what is not complete, and waits for what is being delivered. */
  async close(): Promise<void> {
    this.#cancel();
    await this.#delivered;
  }
}

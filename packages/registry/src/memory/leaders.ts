import { ConfigError, type Leadership } from "@rollcall/core";

interface Leader extends Leadership {
  readonly candidate: string;
}

/** Who controls which service, among those who ask in this process. */
export class Leaders {
  readonly #leaders = new Map<string, Leader>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #issued = new WeakSet<Leadership>();
  readonly #closed = new AbortController();

  candidate(service: string): string | undefined {
    return this.#leaders.get(service)?.candidate;
  }

  /**
   * Whether a leadership has not ended.
   * @throws ConfigError for one of another registry
   */
  holds(leadership: Leadership): boolean {
    if (!this.#issued.has(leadership))
      throw new ConfigError("leadership is not of this registry: campaign where policies are changed");
    return [...this.#leaders.values()].includes(leadership as Leader);
  }

  async campaign(service: string, candidate: string, signal: AbortSignal): Promise<Leadership> {
    for (;;) {
      signal.throwIfAborted();
      this.#closed.signal.throwIfAborted();
      if (!this.#leaders.has(service)) return this.#lead(service, candidate);
      await this.#vacancy(service, signal);
    }
  }

  /** Ends every leadership, which is lost with that, and every campaign. */
  close(reason: Error): void {
    this.#closed.abort(reason);
    this.#leaders.clear();
    for (const service of this.#waiting.keys()) this.#wake(service);
  }

  #lead(service: string, candidate: string): Leadership {
    const lost = new AbortController();
    const closed = (): void => lost.abort(this.#closed.signal.reason);
    this.#closed.signal.addEventListener("abort", closed, { once: true });
    const leader: Leader = {
      candidate,
      lost: lost.signal,
      resign: async () => {
        this.#closed.signal.removeEventListener("abort", closed);
        if (this.#leaders.get(service) !== leader) return;
        this.#leaders.delete(service);
        this.#wake(service);
      },
    };
    this.#leaders.set(service, leader);
    this.#issued.add(leader);
    return leader;
  }

  #vacancy(service: string, signal: AbortSignal): Promise<void> {
    const waiting = this.#waiting.get(service) ?? new Set<() => void>();
    this.#waiting.set(service, waiting);
    return new Promise((resolve) => {
      const woken = (): void => {
        signal.removeEventListener("abort", woken);
        waiting.delete(woken);
        resolve();
      };
      waiting.add(woken);
      signal.addEventListener("abort", woken, { once: true });
    });
  }

  #wake(service: string): void {
    for (const wake of this.#waiting.get(service) ?? []) wake();
  }
}

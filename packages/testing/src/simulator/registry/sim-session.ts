import type { RegistryLine } from "./line.js";

/** A lease of a session. */
export interface SessionLease {
  readonly id: number;
  /** Aborts when the registry no longer has it, or the session is closed. */
  readonly over: AbortSignal;
}

/** What a process keeps in the registry only while it lives, apart from its instances: one lease, granted when it is first needed. */
export class SimSession {
  readonly closed: AbortSignal;
  readonly #line: RegistryLine;
  #current: (SessionLease & { end(reason: unknown): void }) | undefined;
  #granted: number | undefined;

  constructor(line: RegistryLine, closed: AbortSignal) {
    this.#line = line;
    this.closed = closed;
  }

  /** The lease; a new one when there is none. */
  async lease(signal: AbortSignal): Promise<SessionLease> {
    this.closed.throwIfAborted();
    const { registry, process } = this.#line;
    const id = await this.#line.call(() => (this.#granted ??= registry.grant(process.name)), signal);
    this.closed.throwIfAborted();
    if (this.#current?.id !== id) this.#begin(id);
    return this.#current as SessionLease;
  }

  /** Runs what needs the lease at the registry; undefined from there means that the lease has ended, and is tried with a new one. */
  async use<T>(
    operation: (lease: number) => T | Promise<T | undefined> | undefined,
    signal: AbortSignal,
  ): Promise<T> {
    for (;;) {
      const lease = await this.lease(signal);
      const done = await this.#line.call(() => operation(lease.id), signal);
      if (done !== undefined) return done;
      this.#lost(lease.id);
    }
  }

  #begin(id: number): void {
    const ended = new AbortController();
    const closed = (): void => ended.abort(this.closed.reason);
    this.closed.addEventListener("abort", closed, { once: true });
    const end = (reason: unknown): void => {
      this.closed.removeEventListener("abort", closed);
      ended.abort(reason);
    };
    this.#current = { id, over: ended.signal, end };
    void this.#renew(id, ended.signal).catch(() => {});
  }

  async #renew(id: number, signal: AbortSignal): Promise<void> {
    const { registry, process } = this.#line;
    for (;;) {
      await process.clock.sleep((registry.ttlMs / 3) * (1 - process.random() * 0.1), signal);
      if (!(await this.#line.call(() => registry.keepAlive(id), signal))) return this.#lost(id);
    }
  }

  #lost(id: number): void {
    if (this.#granted === id) this.#granted = undefined;
    if (this.#current?.id !== id) return;
    const { end } = this.#current;
    this.#current = undefined;
    end(new Error("the registry no longer has the session's lease"));
  }
}

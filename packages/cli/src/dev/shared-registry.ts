import { ConfigError, type Clock } from "@rollcall/core";

/** Who listens on a port. */
export type Occupant = "etcd" | "somebody" | "nobody";

/** A registry of this process. */
export interface OwnRegistry extends AsyncDisposable {
  readonly url: string;
}

export interface SharedRegistryOptions {
  /** 0: any, and so never a shared one. */
  readonly port: number;
  readonly clock: Clock;
  /** Looks who is there. */
  look(port: number): Promise<Occupant>;
  /**
   * Starts one.
   * @throws ConfigError when the port is taken
   */
  serve(port: number): Promise<OwnRegistry>;
  /** Gets told where the registry is now: at first, and when this process has taken over. */
  onPlace(kind: "shared" | "embedded", url: string): void;
}

/** How often somebody else's registry is looked at. */
const lookEveryMs = 500;

/**
 * The registry that all development loops of a machine share: who comes first has it in its process, and when that one goes,
 * another takes over on the same port. It comes back empty; services register again by themselves.
 */
export class SharedRegistry implements AsyncDisposable {
  readonly #options: SharedRegistryOptions;
  readonly #closed = new AbortController();
  #own: OwnRegistry | undefined;
  #url = "";
  #watching: Promise<void> | undefined;

  private constructor(options: SharedRegistryOptions) {
    this.#options = options;
  }

  /**
   * Finds the shared registry, or starts it.
   * @throws ConfigError when something that is no etcd has the port
   */
  static async open(options: SharedRegistryOptions): Promise<SharedRegistry> {
    const shared = new SharedRegistry(options);
    const { port } = options;
    if (!(await shared.#claim()))
      throw new ConfigError(
        `127.0.0.1:${port} is taken by something that does not answer as an etcd; stop it, or choose another place by --registry-port or --registry`,
      );
    shared.#watching = shared.#watch();
    return shared;
  }

  /** As `ROLLCALL_REGISTRY` takes it. */
  get url(): string {
    return this.#url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error("closed"));
    await this.#watching;
    await this.#own?.[Symbol.asyncDispose]();
  }

  /** Looks before it binds: some systems let two servers have one port at different addresses. */
  async #claim(): Promise<boolean> {
    const { port } = this.#options;
    const found = port === 0 ? "nobody" : await this.#options.look(port);
    if (found === "nobody" && (await this.#serve())) return true;
    // Another loop may have been quicker.
    if (found === "somebody" || (await this.#options.look(port)) !== "etcd") return false;
    this.#place("shared", `etcd://127.0.0.1:${port}`);
    return true;
  }

  async #serve(): Promise<boolean> {
    const { port, serve } = this.#options;
    try {
      this.#own = await serve(port);
    } catch (error) {
      if (error instanceof ConfigError) return false;
      throw error;
    }
    this.#place("embedded", this.#own.url);
    return true;
  }

  #place(kind: "shared" | "embedded", url: string): void {
    this.#url = url;
    this.#options.onPlace(kind, url);
  }

  /** Until this process has it: nobody can take it away then. */
  async #watch(): Promise<void> {
    const { port, clock, look } = this.#options;
    const { signal } = this.#closed;
    while (!this.#own && !signal.aborted) {
      await clock.sleep(lookEveryMs, signal).catch(() => {});
      if (signal.aborted) return;
      if ((await look(port)) === "nobody" && !signal.aborted) await this.#serve();
    }
  }
}

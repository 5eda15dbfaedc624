import type { ClusterEnv, Discovery, Feed, Snapshot } from "@rollcall/core";
import { Reporter, type ReporterEnv } from "./reporter.js";

export interface RolloutReportsEnv extends Omit<ReporterEnv, "service" | "feed"> {
  readonly discovery: Discovery;
}

interface Open {
  readonly reporter: Reporter;
  readonly feed: Feed<Snapshot> & AsyncDisposable;
}

/** The reports of one process, one per service, however many clusters it has for it. */
export class RolloutReports {
  readonly #env: RolloutReportsEnv;
  readonly #open = new Map<string, Open>();

  constructor(env: RolloutReportsEnv) {
    this.#env = env;
  }

  /** What a cluster of the service tells of its attempts. */
  of(service: string): NonNullable<ClusterEnv["onAttempt"]> {
    let open = this.#open.get(service);
    if (!open) {
      const feed = this.#env.discovery.open(service);
      open = { feed, reporter: new Reporter({ ...this.#env, service, feed }) };
      this.#open.set(service, open);
    }
    return open.reporter.recorder.record;
  }

  /** Takes back what was reported, within half a second. */
  async close(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(
      all.map(async ({ reporter, feed }) => {
        try {
          await reporter.close();
        } finally {
          await feed[Symbol.asyncDispose]();
        }
      }),
    );
  }
}

import type { ClusterEnv, Discovery, Feed, Snapshot } from "@rollcall/core";
import { Reporter, type ReporterEnv } from "./reporter.js";
import { restoreLostPolicy } from "./restorer.js";

/** What the reports of all services that a process calls need. */
export interface RolloutReportsEnv extends Omit<ReporterEnv, "service" | "feed"> {
  readonly discovery: Discovery;
}

/**
 * Callers put a lost policy back too, for when no process of the service remembers it; this much later, so that where one
 * does they need no right to write.
 */
const restoreAfterMs = 5_000;

interface Open {
  readonly reporter: Reporter;
  readonly restoring: Promise<void>;
  readonly feed: Feed<Snapshot> & AsyncDisposable;
}

/** What the clients of one process do for rollouts, once per service, however many clusters they have for it. */
export class RolloutReports {
  readonly #env: RolloutReportsEnv;
  readonly #open = new Map<string, Open>();
  readonly #end = new AbortController();

  constructor(env: RolloutReportsEnv) {
    this.#env = env;
  }

  /** What a cluster of the service tells of its attempts. */
  of(service: string): NonNullable<ClusterEnv["onAttempt"]> {
    let open = this.#open.get(service);
    if (!open) {
      const feed = this.#env.discovery.open(service);
      const env = { ...this.#env, random: () => this.#env.random(), service, feed };
      const restorer = { ...env, candidate: `caller ${env.caller}` };
      open = {
        feed,
        reporter: new Reporter(env),
        restoring: restoreLostPolicy(restorer, this.#end.signal, restoreAfterMs),
      };
      this.#open.set(service, open);
    }
    return open.reporter.recorder.record;
  }

  /** Takes back what was reported, within half a second. */
  async close(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    this.#end.abort(new Error("the clients are closed"));
    await Promise.all(
      all.map(async ({ reporter, restoring, feed }) => {
        try {
          await Promise.all([reporter.close(), restoring]);
        } finally {
          await feed[Symbol.asyncDispose]();
        }
      }),
    );
  }
}

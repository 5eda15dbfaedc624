/** Which instances of a service: those for which everything given holds. At least one field is given. */
export interface Target {
  readonly version?: string | undefined;
  readonly track?: string | undefined;
  readonly id?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/**
 * One rule of a service's policy. It is one of
 * - a weight rule, with `weight`: the target's instances count with it in place of the weight they registered;
 * - a header rule, with `headers`: calls that carry them go to the target;
 * - a percent rule, with `percent` alone: that share of the calls goes to the target, and no others do. At 0 the target is
 *   closed: nothing sends a call there, not even a header rule or a lane.
 */
export interface Rule {
  readonly to: Target;
  /** Metadata that a call must carry: exact values by lower-case key. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** 0 to 100, fractions allowed. Default 100 for a header rule. The percents of all percent rules sum up to 100 at most. */
  readonly percent?: number | undefined;
  /** The metadata key whose value decides on which side of the percent a call is, for good. Default `rollcall-key`. */
  readonly key?: string | undefined;
  /** 0 takes the instances out. */
  readonly weight?: number | undefined;
  /** A header or percent rule puts the calls that it chooses on this lane, and with them all calls made while they are handled. */
  readonly lane?: string | undefined;
}

/** `running` and `paused` are active; `promoted` and `aborted` are ends. */
export type RolloutState = "running" | "paused" | "promoted" | "aborted";

/** A release under way, or how the last one ended. Times are milliseconds since the epoch. */
export interface Rollout {
  /** Tells this rollout from earlier ones of the same version. */
  readonly id: string;
  /** The version being released. */
  readonly to: string;
  /** The version that was stable when it began: the baseline. */
  readonly from: string;
  readonly state: RolloutState;
  /** Percent of the calls per step, rising. */
  readonly steps: readonly number[];
  /** Index of the step in force. */
  readonly step: number;
  /** The least time between two steps. */
  readonly intervalMs: number;
  /** Share of failed attempts, 0 to 1, that the new version may have, or the baseline's when that is worse. */
  readonly maxErrorRate: number;
  /** How much slower its 99th percentile may be than the baseline's. Absent: latency is not compared. */
  readonly maxP99Ratio?: number | undefined;
  /** Attempts on the new version that a step needs; twice as many to compare latency. */
  readonly minSamples: number;
  readonly startedAt: number;
  /** When the step in force began. */
  readonly stepAt: number;
}

/** The routing policy of a service: the document at `rollout/<service>`. */
export interface RolloutPolicy {
  /** Grows by 1 with each change. */
  readonly gen: number;
  /** The version that calls go to unless a rule says otherwise. Its instances count as 100 when they registered weight 0. */
  readonly stable: string;
  readonly rules: readonly Rule[];
  readonly rollout?: Rollout | undefined;
  /** Who made the change, and why. */
  readonly by: string;
  readonly reason: string;
  /** When, in milliseconds since the epoch. */
  readonly at: number;
}

/** What a registry holds for a service, and what a compare-and-set needs to know of it. */
export interface StoredPolicy {
  readonly service: string;
  /** The registry's revision of the document; 0 for none. */
  readonly revision: number;
  readonly policy: RolloutPolicy | undefined;
  /** Why what is stored is not a policy. */
  readonly fault?: string | undefined;
}

/** One service's policy as it is to be. */
export interface PolicyChange {
  readonly service: string;
  /** As it was read: the change is made only if the document is still that one. */
  readonly revision: number;
  readonly policy: RolloutPolicy;
}

/** Whether changes of policies were made: all of them or none. */
export type CompareAndSet =
  | { readonly won: true }
  /** Nothing was written. `current` is what the registry holds for the services that were to change. */
  | { readonly won: false; readonly current: readonly StoredPolicy[] };

/** Being the one controller of a service's rollout. */
export interface Leadership {
  /** Aborts when it ended without `resign`. */
  readonly lost: AbortSignal;
  resign(): Promise<void>;
}

/** What a caller saw of one version: attempts, not calls. Counters only grow. */
export interface AttemptCounts {
  readonly attempts: number;
  /** Those that ended by the server's fault or not in time. */
  readonly failures: number;
  /** Latency of the unary ones: pairs of bucket and count, as the histogram's owner numbers them. */
  readonly latency: readonly (readonly [bucket: number, count: number])[];
}

/** What one caller has seen of a service during a rollout. */
export interface CallerReport {
  /** Random per process, so that the order of keys says nothing but who reports when there are many. */
  readonly caller: string;
  /** The rollout's id. */
  readonly rollout: string;
  /** Per step, by version. */
  readonly steps: readonly {
    readonly step: number;
    readonly versions: Readonly<Record<string, AttemptCounts>>;
  }[];
}

/** At most this many callers report on a service. */
export const mostReporters = 200;

/** Where policies are kept and changed, and where those who run a rollout meet. Signals bound each request; what a registry refuses is thrown. */
export interface RolloutStore {
  /** What is stored now, not what a watch has seen. */
  read(service: string, signal: AbortSignal): Promise<StoredPolicy>;
  /**
   * Writes all changes and their history in one transaction, or none.
   * @param leadership also requires that it still holds
   * @throws ConfigError for a policy that is not valid; it names the rule and the reason
   */
  compareAndSet(
    changes: readonly PolicyChange[],
    signal: AbortSignal,
    leadership?: Leadership,
  ): Promise<CompareAndSet>;
  /** Every policy that was in force, newest first. */
  history(service: string, signal: AbortSignal): Promise<readonly RolloutPolicy[]>;
  /** Resolves when this process has become the controller of the service; at most one process is. */
  campaign(service: string, candidate: string, signal: AbortSignal): Promise<Leadership>;
  /** Who is the controller, as it named itself. */
  leader(service: string, signal: AbortSignal): Promise<string | undefined>;
  /** Keeps the caller's report while this process lives, in place of its last one. False when enough others report; then nothing is kept. */
  report(service: string, report: CallerReport, signal: AbortSignal): Promise<boolean>;
  /** Takes the report back. */
  withdraw(service: string, caller: string, signal: AbortSignal): Promise<void>;
  /** The reports there are; damaged ones are left out. */
  reports(service: string, signal: AbortSignal): Promise<readonly CallerReport[]>;
}

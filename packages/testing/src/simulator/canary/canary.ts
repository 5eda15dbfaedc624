import type { RolloutPolicy, RolloutState } from "@rollcall/app";
import {
  abortRollout,
  isActive,
  pauseRollout,
  percentOf,
  promoteRollout,
  resumeRollout,
  rolloutId,
  startRollout,
} from "@rollcall/app/rollout";
import type { Environment, ServerOptions } from "../environment.js";
import type { Pump } from "../pump.js";
import type { Operator, PolicyPlan } from "./operator.js";
import type { Sickness } from "./sickness.js";

/** A new version and its rollout. The numbers are smaller than in production, so that it ends within a minute. */
export interface CanaryOptions {
  /** Default: the next whole number, `2.0.0`. */
  readonly version?: string | undefined;
  /** How many of it. Default 1. */
  readonly instances?: number | undefined;
  /** What it runs. Default: the fleet's services, which `bind` may tell apart by `process.version`. */
  readonly services?: ServerOptions["services"] | undefined;
  /** Default: nothing is wrong with it. */
  readonly sick?: Sickness | undefined;
  /** Default 10, 50, 100. */
  readonly steps?: readonly number[] | undefined;
  /** Default 2 000. */
  readonly intervalMs?: number | undefined;
  /** Default 0.05. */
  readonly maxErrorRate?: number | undefined;
  /** Default: latency is not compared. */
  readonly maxP99Ratio?: number | undefined;
  /** Default 20. */
  readonly minSamples?: number | undefined;
}

/** How a rollout stands, by what was written last. */
export interface CanaryOutcome {
  readonly state: RolloutState;
  readonly percent: number;
  /** Who wrote that, and why. */
  readonly by: string;
  readonly reason: string;
}

/** A version that is being released, and what an operator can do about it. */
export class SimulatedCanary {
  readonly version: string;
  readonly id: string;
  readonly sick: Sickness;
  readonly #env: Environment;
  readonly #pump: Pump;
  readonly #operator: Operator;
  /** It has had all the time that it may take. */
  overdue = false;
  #startedMs = Infinity;
  #from: string;

  /** @internal */
  constructor(
    env: Environment,
    pump: Pump,
    operator: Operator,
    release: { readonly version: string; readonly from: string; readonly sick: Sickness },
  ) {
    this.#env = env;
    this.#pump = pump;
    this.#operator = operator;
    this.version = release.version;
    this.#from = release.from;
    this.sick = release.sick;
    this.id = rolloutId(env.random.fork(`rollout of ${release.version}`));
  }

  /** The version that was stable when it began. */
  get from(): string {
    return this.#from;
  }

  /** When its rollout started; Infinity before. */
  get startedMs(): number {
    return this.#startedMs;
  }

  /** Of all the fleet's services: promoted when all are, else the first that is not. Undefined before it has started. */
  get outcome(): CanaryOutcome | undefined {
    const outcomes = this.#operator.services.flatMap((service): CanaryOutcome[] => {
      const own = this.#written(service);
      const last = own.at(-1)?.rollout;
      // A policy that was lost is put back by somebody who decided nothing.
      const decided = own.find(
        ({ rollout }) => rollout?.state === last?.state && rollout?.step === last?.step,
      );
      if (!last || !decided) return [];
      return [{ state: last.state, percent: percentIn(last), by: decided.by, reason: decided.reason }];
    });
    return outcomes.find(({ state }) => state !== "promoted") ?? outcomes[0];
  }

  /** Whether its rollout is running or paused. */
  get isActive(): boolean {
    return this.#operator.services.some((service) => isActive(this.#written(service).at(-1)?.rollout));
  }

  /** Lets time pass until it was promoted or aborted. */
  ended(): Promise<CanaryOutcome> {
    return this.#pump.until(this.#ended());
  }

  pause(): Promise<void> {
    return this.#change("pause", pauseRollout);
  }

  resume(): Promise<void> {
    return this.#change("resume", resumeRollout);
  }

  abort(): Promise<void> {
    return this.#change("abort", abortRollout);
  }

  promote(): Promise<void> {
    return this.#change("promote", promoteRollout);
  }

  /** @internal */
  async start(options: CanaryOptions): Promise<void> {
    const { steps = [10, 50, 100], intervalMs = 2_000, maxErrorRate = 0.05, minSamples = 20 } = options;
    const { maxP99Ratio } = options;
    const plan = { steps, intervalMs, maxErrorRate, maxP99Ratio, minSamples };
    const { id, version: to } = this;
    await this.#operator.change((service, policy, author) => {
      const begun = startRollout(
        service,
        policy,
        { id, to, ...plan, from: policy?.stable ?? this.#from },
        author,
      );
      this.#from = begun.stable;
      return begun;
    });
    this.#startedMs = this.#env.clock.now();
  }

  async #ended(): Promise<CanaryOutcome> {
    const { outcome } = this;
    if (outcome && !this.isActive) return outcome;
    return new Promise((resolve) => {
      const unfollow = this.#env.registry.policies.follow(() => {
        if (this.isActive || !this.outcome) return;
        unfollow();
        resolve(this.outcome);
      });
    });
  }

  /** The policies of its rollout that were written, in order. */
  #written(service: string): readonly RolloutPolicy[] {
    const { writes } = this.#env.registry.policies;
    return writes.flatMap((write) =>
      write.service === service && this.#isOf(write.policy) ? [write.policy] : [],
    );
  }

  #isOf({ rollout }: RolloutPolicy): boolean {
    return rollout?.id === this.id;
  }

  #change(verb: string, plan: PolicyPlan): Promise<void> {
    this.#env.log.add("operator", `${verb} ${this.version}`);
    const own: PolicyPlan = (service, policy, author) =>
      plan(service, policy && this.#isOf(policy) ? policy : undefined, author);
    return this.#pump.until(this.#operator.change(own));
  }
}

function percentIn(rollout: NonNullable<RolloutPolicy["rollout"]>): number {
  if (rollout.state === "aborted") return 0;
  return rollout.state === "promoted" ? 100 : percentOf(rollout);
}

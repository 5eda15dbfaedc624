import {
  breakerOpen,
  laneKey,
  stickyKey,
  type Call,
  type Interceptor,
  type RolloutPolicy,
  type Rule,
  type ServiceInstance,
  type Snapshot,
} from "@rollcall/core";
import { isActive } from "@rollcall/app/rollout";
import { callId } from "../ledger.js";
import type { SimWatch } from "../registry/sim-watch.js";

/** What a caller has to do with a caller's policy and its attempts. */
export interface RoutingWatchEnv {
  now(): number;
  /** What the caller has been told of a service. */
  watched(service: string): SimWatch | undefined;
  /** Whether the caller has a connection to the instance on which it could call, and no reason to think that it hangs. */
  isReady(instance: ServiceInstance): boolean;
  /** How often the registry has lost everything. */
  wipes(): number;
  violated(text: string): void;
}

/** Calls in a row on one side of a percentage that are no accident any more: less probable than 1 in 10^9. */
const leastProbable = Math.log(1e-9);

/**
 * Holds a caller's attempts to the policy that it was told of, whatever its own parts made of that: a closed version gets
 * nothing, and an open one its share, also while the registry has lost the document. Knows nothing of how calls are routed.
 */
export class RoutingWatch {
  readonly #env: RoutingWatchEnv;
  /** Rollouts that the caller knows have ended, and how often the registry had been wiped then. */
  readonly #ended = new Map<string, { readonly state: string; readonly wipes: number }>();
  /** When calls under way began. */
  readonly #begun = new Map<string, number>();
  #seen: RolloutPolicy | undefined;
  #towards = 0;
  #away = 0;

  constructor(env: RoutingWatchEnv) {
    this.#env = env;
  }

  /** Outside the routing of every call that it is to judge. */
  readonly interceptor: Interceptor = (next) => async (call) => {
    const id = callId(call) ?? "";
    this.#begun.set(id, this.#env.now());
    try {
      return await next(call);
    } catch (error) {
      // It was routed and never sent: what is sent meanwhile is no streak.
      if (breakerOpen(error)) this.#away = this.#towards = 0;
      throw error;
    } finally {
      this.#begun.delete(id);
    }
  };

  /** To be called with each attempt of a call, as it is sent. */
  attempt(call: Call, instance: ServiceInstance): void {
    const watch = this.#env.watched(instance.service);
    const view = watch?.view;
    // Who calls in the very moment of the news may not have heard yet.
    if (!watch || !view || watch.publishedMs >= this.#env.now()) return;
    const { policy } = view;
    if (policy && policy !== this.#seen) this.#learned(policy);
    if (isShut(instance, policy)) {
      const why = policy ? `by policy ${policy.gen} (${policy.reason})` : "and no policy";
      this.#env.violated(`called ${instance.id} of ${instance.version}, which has 0 % ${why}`);
    }
    // One that waited was routed by what was there when it began.
    const isNew = call.attempts.length === 1 && this.#begun.get(callId(call) ?? "") === this.#env.now();
    if (policy && isNew && isAnybody(call)) this.#shared(instance, policy, view);
  }

  #learned(policy: RolloutPolicy): void {
    this.#seen = policy;
    this.#towards = 0;
    this.#away = 0;
    const { rollout } = policy;
    if (!rollout) return;
    const wipes = this.#env.wipes();
    const ended = this.#ended.get(rollout.id);
    // Whoever puts a lost policy back may have missed the last one: what this caller knew better is no longer in force.
    if (isActive(rollout) && ended?.wipes === wipes)
      this.#env.violated(
        `knew that the rollout to ${rollout.to} was ${ended.state}; now it is ${rollout.state}`,
      );
    if (!isActive(rollout)) this.#ended.set(rollout.id, { state: rollout.state, wipes });
  }

  /** Looks for streaks that the percentage makes all but impossible. */
  #shared(instance: ServiceInstance, policy: RolloutPolicy, { instances }: Snapshot): void {
    const [rule, ...others] = policy.rules;
    if (!rule || others.length > 0 || !isPercentRule(rule) || !rule.percent) return;
    const usable = instances.filter((each) => each.state === "up" && this.#env.isReady(each));
    const chosen = usable.filter((each) => each.version === rule.to.version);
    if (chosen.length === 0 || chosen.length === usable.length) return;
    const share = rule.percent / 100;
    if (instance.version === rule.to.version) {
      this.#away = 0;
      this.#towards += Math.log(share);
    } else {
      this.#towards = 0;
      this.#away += Math.log(1 - share);
    }
    if (Math.min(this.#away, this.#towards) > leastProbable) return;
    const side = this.#away < 0 ? "away from" : "to";
    this.#env.violated(
      `sent too many calls in a row ${side} ${rule.to.version}, which has ${rule.percent} %`,
    );
    this.#away = 0;
    this.#towards = 0;
  }
}

/** Whether a policy lets no call of a caller reach the instance. */
function isShut({ version, weight }: ServiceInstance, policy: RolloutPolicy | undefined): boolean {
  if (!policy) return weight === 0;
  const rules = policy.rules.filter((rule) => rule.to.version === version);
  const isOpen = weight > 0 || version === policy.stable || rules.length > 0;
  return !isOpen || rules.some((rule) => rule.percent === 0 || rule.weight === 0);
}

function isPercentRule({ headers, weight, percent }: Rule): boolean {
  return headers === undefined && weight === undefined && percent !== undefined;
}

/** Whether nothing about the call says where it goes. */
function isAnybody({ metadata }: Call): boolean {
  return metadata.get(laneKey).length === 0 && metadata.get(stickyKey).length === 0;
}

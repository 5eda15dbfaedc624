import type { Logger } from "pino";
import type { Balancer, BalancerEnv, BalancerFactory, Outcome } from "../ports/balancer.js";
import type { Endpoint } from "../ports/endpoint.js";
import { createRoutes, type Routes, type Subset } from "../routing/routes.js";
import type { ClusterEndpoint } from "./endpoint.js";
import type { Membership } from "./membership.js";

export interface SubsetsEnv extends BalancerEnv {
  readonly service: string;
  readonly balancer: BalancerFactory;
  readonly logger: Logger;
}

/** What the subsets are made of. */
export type Members = Pick<Membership, "edition" | "policy" | "all" | "available">;

/** The endpoints of one subset that can take calls, and the balancer that chooses among them. */
export class BalancedSubset {
  readonly name: string;
  readonly balancer: Balancer;
  #view: readonly Endpoint[] = [];
  readonly #env: SubsetsEnv;

  constructor(name: string, env: SubsetsEnv) {
    this.name = name;
    this.#env = env;
    this.balancer = env.balancer.create(env);
  }

  /** How many it has now. */
  get size(): number {
    return this.#view.length;
  }

  /** Whether there is one besides these. */
  hasOther(tried: readonly Endpoint[]): boolean {
    return this.#view.some((endpoint) => !tried.includes(endpoint));
  }

  update(view: readonly Endpoint[]): void {
    this.#view = view;
    this.#guard(() => this.balancer.update(view));
  }

  settled(endpoint: Endpoint, outcome: Outcome): void {
    this.#guard(() => this.balancer.settled?.(endpoint, outcome));
  }

  /** A balancer may be a user's own. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      const { logger, service } = this.#env;
      logger.error({ err: error, service, subset: this.name }, "balancer threw");
    }
  }
}

/** The subsets of a service's endpoints as its policy makes them. Their balancers live as long as the policy names them. */
export class Subsets {
  readonly #env: SubsetsEnv;
  readonly #balanced = new Map<string, BalancedSubset>();
  #routes: Routes;
  #edition: number | undefined;
  #available: readonly ClusterEndpoint[] = [];

  constructor(env: SubsetsEnv) {
    this.#env = env;
    this.#routes = createRoutes(undefined, []);
  }

  get routes(): Routes {
    return this.#routes;
  }

  update(members: Members): void {
    // Connections come and go far more often than instances and policies.
    if (members.edition !== this.#edition) this.#reroute(members);
    this.#available = members.available;
    for (const [name, balanced] of this.#balanced) {
      const subset = this.#routes.subsets.get(name);
      if (subset) balanced.update(this.#members(subset));
      else {
        balanced.balancer.close();
        this.#balanced.delete(name);
      }
    }
  }

  /**
   * The subset of this name, or the first in its place that can take calls: `stable` when the policy no longer has it or
   * none of it can, and the standby for that.
   */
  get(name: string | undefined): BalancedSubset {
    const { stable, standby, subsets } = this.#routes;
    const chosen = name === undefined ? undefined : subsets.get(name);
    for (const subset of [chosen, stable, standby]) {
      if (!subset || subset.members.size === 0) continue;
      const balanced = this.#balance(subset);
      if (balanced.size > 0) return balanced;
    }
    return this.#balance(stable);
  }

  close(): void {
    for (const { balancer } of this.#balanced.values()) balancer.close();
  }

  #reroute({ edition, policy, all }: Members): void {
    this.#edition = edition;
    this.#routes = createRoutes(
      policy,
      all.map(({ instance }) => instance),
    );
    for (const endpoint of all) endpoint.weight = this.#routes.weights.get(endpoint.instance.id) ?? 0;
  }

  #balance(subset: Subset): BalancedSubset {
    const known = this.#balanced.get(subset.name);
    if (known) return known;
    const balanced = new BalancedSubset(subset.name, this.#env);
    this.#balanced.set(subset.name, balanced);
    balanced.update(this.#members(subset));
    return balanced;
  }

  #members({ members }: Subset): readonly ClusterEndpoint[] {
    return this.#available.filter(({ instance }) => members.has(instance.id));
  }
}

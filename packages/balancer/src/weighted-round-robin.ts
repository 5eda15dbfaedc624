import type { Balancer, BalancerFactory, Clock, Endpoint, NoPick, PickArgs } from "@rollcall/core";
import { closedPick, noPick } from "./no-pick.js";

/** Picks run ahead at the start, at least: enough for a weight of 1 % to be met in its share of the starts. */
const leastStartingPoints = 100;

class WeightedRoundRobin implements Balancer {
  private view: readonly Endpoint[] = [];
  /** Per endpoint of `view`: its credit, nginx' `current_weight`. Their sum is 0. */
  private credits = new Float64Array(0);
  /** Per endpoint of `view`: its weight at this pick. A buffer, so that a pick allocates nothing. */
  private weights = new Float64Array(0);
  /** The sum of all weights that `credits` is measured in; 0 before the first pick. */
  private scale = 0;
  private started = false;
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  update(view: readonly Endpoint[]): void {
    if (this.closed) return;
    const kept = new Map(this.view.map((endpoint, index) => [endpoint, this.credits[index] as number]));
    this.view = [...view];
    this.credits = Float64Array.from(view, (endpoint) => kept.get(endpoint) ?? 0);
    this.weights = new Float64Array(view.length);
    this.centre();
    if (!this.started && view.length > 0) this.start();
  }

  pick({ tried }: PickArgs): Endpoint | NoPick {
    if (this.closed) return closedPick;
    const weighted = this.weigh();
    const best = weighted === 0 ? -1 : this.advance(tried);
    return best < 0 ? noPick(this.view.length, weighted) : (this.view[best] as Endpoint);
  }

  close(): void {
    this.closed = true;
    this.view = [];
    this.credits = this.weights = new Float64Array(0);
  }

  /** Reads the weights of this moment. Returns how many are above 0. */
  private weigh(): number {
    const { view, weights } = this;
    const now = this.clock.now();
    let weighted = 0;
    let sum = 0;
    for (let i = 0; i < view.length; i++) {
      const weight = (view[i] as Endpoint).weightAt(now);
      weights[i] = weight > 0 ? weight : 0;
      if (weight > 0) weighted++;
      sum += weights[i] as number;
    }
    if (sum > 0 && sum !== this.scale) this.rescale(sum);
    return weighted;
  }

  /** One round of nginx' algorithm among the untried. Returns the index picked, -1 for none. */
  private advance(tried: readonly Endpoint[]): number {
    const { view, credits, weights } = this;
    let total = 0;
    let best = -1;
    for (let i = 0; i < view.length; i++) {
      const weight = weights[i] as number;
      if (weight === 0 || (tried.length > 0 && tried.includes(view[i] as Endpoint))) continue;
      credits[i] = (credits[i] as number) + weight;
      total += weight;
      if (best < 0 || (credits[i] as number) > (credits[best] as number)) best = i;
    }
    if (best >= 0) credits[best] = (credits[best] as number) - total;
    return best;
  }

  /** Credits earned under weights of 100 would rule for a hundred picks under weights of 1; they keep their meaning in picks. */
  private rescale(sum: number): void {
    if (this.scale > 0) {
      for (let i = 0; i < this.credits.length; i++) {
        this.credits[i] = ((this.credits[i] as number) * sum) / this.scale;
      }
    }
    this.scale = sum;
  }

  /** An endpoint that leaves takes its credit along; without this the rest would drift away from the 0 of newcomers. */
  private centre(): void {
    const { credits } = this;
    let sum = 0;
    for (const credit of credits) sum += credit;
    if (sum === 0) return;
    for (let i = 0; i < credits.length; i++) credits[i] = (credits[i] as number) - sum / credits.length;
  }

  private start(): void {
    this.started = true;
    if (this.weigh() === 0) return;
    const ahead = Math.floor(this.random() * Math.max(leastStartingPoints, this.view.length));
    for (let i = 0; i < ahead; i++) this.advance([]);
  }
}

/**
 * Calls in proportion to `weightAt` at the moment of each pick, spread out rather than in bursts: no endpoint is picked
 * more than twice as often in a row as its weight makes inevitable. Weight 0 gets nothing.
 * While weights stand still the proportions are exact over every cycle of (sum of weights / their greatest common
 * divisor) picks. Credits outlive an update and keep their meaning when weights move; newcomers start in the middle.
 * Callers start at a random point of the cycle, so that those that start together do not march in step.
 *
 * A tried endpoint neither earns nor pays. When only tried ones are left the answer is a `NoPick`: whether a call may go
 * to the same endpoint again is for the pipeline to say.
 *
 * Two passes over the endpoints per pick, no allocation.
 *
 * Source: nginx' smooth weighted round robin, `ngx_http_upstream_get_peer` in
 * https://github.com/nginx/nginx/blob/master/src/http/ngx_http_upstream_round_robin.c
 */
export const weightedRoundRobin: BalancerFactory = {
  name: "weighted-round-robin",
  create: (env) => new WeightedRoundRobin(env.clock, () => env.random()),
};

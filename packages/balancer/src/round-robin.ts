import type { Balancer, BalancerFactory, Clock, Endpoint, NoPick, PickArgs } from "@rollcall/core";
import { closedPick, noPick } from "./no-pick.js";

class RoundRobin implements Balancer {
  private view: readonly Endpoint[] = [];
  /** Index of the endpoint whose turn it is. */
  private turn = 0;
  private started = false;
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  update(view: readonly Endpoint[]): void {
    if (this.closed) return;
    const next = this.started ? this.indexOfTurn(view) : Math.floor(this.random() * view.length);
    this.turn = next < view.length ? next : 0;
    this.view = [...view];
    this.started ||= view.length > 0;
  }

  pick({ tried }: PickArgs): Endpoint | NoPick {
    if (this.closed) return closedPick;
    const { view, turn } = this;
    const now = this.clock.now();
    let weighted = 0;
    for (let step = 0; step < view.length; step++) {
      const index = (turn + step) % view.length;
      const endpoint = view[index] as Endpoint;
      if (!(endpoint.weightAt(now) > 0)) continue;
      weighted++;
      if (tried.includes(endpoint)) continue;
      this.turn = (index + 1) % view.length;
      return endpoint;
    }
    return noPick(view.length, weighted);
  }

  close(): void {
    this.closed = true;
    this.view = [];
  }

  /** Where in the new view the turn is: at the first endpoint, from the old turn on, that is still there. */
  private indexOfTurn(view: readonly Endpoint[]): number {
    const indexes = new Map(view.map((endpoint, index) => [endpoint, index]));
    for (let step = 0; step < this.view.length; step++) {
      const index = indexes.get(this.view[(this.turn + step) % this.view.length] as Endpoint);
      if (index !== undefined) return index;
    }
    return 0;
  }
}

/**
 * Each endpoint in turn, whatever its weight, except that weight 0 gets nothing. The first turn is at random, so that
 * callers that start together do not march in step; the turn outlives an update.
 *
 * A tried endpoint is passed over and loses its turn. When only tried ones are left the answer is a `NoPick`: whether a
 * call may go to the same endpoint again is for the pipeline to say.
 *
 * One step per pick, plus one per endpoint passed over.
 *
 * Source: gRPC's `round_robin` policy, https://github.com/grpc/grpc/blob/master/doc/load-balancing.md
 */
export const roundRobin: BalancerFactory = {
  name: "round-robin",
  create: (env) => new RoundRobin(env.clock, () => env.random()),
};

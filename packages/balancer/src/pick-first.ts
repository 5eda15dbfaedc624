import type { Balancer, BalancerFactory, Clock, Endpoint, NoPick, PickArgs } from "@rollcall/core";
import { closedPick, noPick } from "./no-pick.js";

class PickFirst implements Balancer {
  readonly #clock: Clock;
  #view: readonly Endpoint[] = [];
  #current: Endpoint | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  update(view: readonly Endpoint[]): void {
    if (this.#closed) return;
    this.#view = [...view];
    if (this.#current && !view.includes(this.#current)) this.#current = undefined;
  }

  pick({ tried }: PickArgs): Endpoint | NoPick {
    if (this.#closed) return closedPick;
    const nowMs = this.#clock.now();
    const current = this.#current;
    if (current && current.weightAt(nowMs) > 0 && (tried.length === 0 || !tried.includes(current)))
      return current;
    let weighted = 0;
    for (const endpoint of this.#view) {
      if (!(endpoint.weightAt(nowMs) > 0)) continue;
      weighted++;
      if (tried.includes(endpoint)) continue;
      // One that refused a single call is not given up for it.
      if (!current || !(current.weightAt(nowMs) > 0)) this.#current = endpoint;
      return endpoint;
    }
    return noPick(this.#view.length, weighted);
  }

  close(): void {
    this.update([]);
    this.#closed = true;
  }
}

/**
 * One endpoint for all calls: the first of the view with a weight above 0, until it leaves the view or its weight falls
 * to 0; only a call that has tried it goes to the next. It balances nothing. For one instance behind a proxy that
 * balances, or a leader with a standby.
 *
 * Weights other than 0 are ignored. When only tried endpoints are left the answer is a `NoPick`.
 *
 * Source: gRPC's `pick_first` policy, https://github.com/grpc/grpc/blob/master/doc/load-balancing.md
 */
export const pickFirst: BalancerFactory = {
  name: "pick-first",
  create: (env) => new PickFirst(env.clock),
};

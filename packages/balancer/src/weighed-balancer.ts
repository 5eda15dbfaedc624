import type { Balancer, BalancerEnv, Endpoint, NoPick, Outcome, PickArgs } from "@rollcall/core";
import { closedPick, noPick } from "./no-pick.js";
import { Weights } from "./weights.js";

/** What tells one policy from another, where all choose among the endpoints whose weight is above 0. */
export interface Choice {
  /** The view was replaced. `before` has the indexes of the view before: what is kept per endpoint moves. */
  rebuilt(before: ReadonlyMap<Endpoint, number>): void;
  /** One weight has moved. */
  changed(index: number, weight: number, before: number): void;
  /** The index of an endpoint that `weights.verify` has found above 0; -1 when there is none. */
  choose(): number;
  /** An attempt has ended on an endpoint that is in the view. */
  settled?(index: number, outcome: Outcome): void;
}

/** The part that such policies share: weights, the tried, the words for nothing found, the end. */
export class WeighedBalancer implements Balancer {
  readonly #weights: Weights;
  readonly #choice: Choice;
  #closed = false;

  constructor(env: BalancerEnv, choice: (weights: Weights) => Choice) {
    this.#weights = new Weights(env.clock, (index, weight, before) =>
      this.#choice.changed(index, weight, before),
    );
    this.#choice = choice(this.#weights);
  }

  update(view: readonly Endpoint[]): void {
    if (!this.#closed) this.#choice.rebuilt(this.#weights.update(view));
  }

  pick({ tried }: PickArgs): Endpoint | NoPick {
    if (this.#closed) return closedPick;
    const weights = this.#weights;
    weights.refresh();
    let index = this.#choose(tried);
    if (index < 0) {
      // The weight of one that was not read this time may have risen.
      weights.readAll();
      index = this.#choose(tried);
    }
    return index < 0 ? noPick(weights.view.length, weights.weighted) : (weights.view[index] as Endpoint);
  }

  settled(endpoint: Endpoint, outcome: Outcome): void {
    if (this.#choice.settled === undefined) return;
    const index = this.#weights.indexOf(endpoint);
    if (index !== undefined) this.#choice.settled(index, outcome);
  }

  close(): void {
    this.update([]);
    this.#closed = true;
  }

  #choose(tried: readonly Endpoint[]): number {
    if (tried.length === 0) return this.#choice.choose();
    this.#weights.mask(tried);
    const index = this.#choice.choose();
    this.#weights.unmask(tried);
    return index;
  }
}

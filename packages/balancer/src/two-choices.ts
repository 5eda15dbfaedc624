import type { Outcome } from "@rollcall/core";
import { SumTree } from "./sum-tree.js";
import type { Choice } from "./weighed-balancer.js";
import type { Weights } from "./weights.js";

/** What makes the second of two endpoints the better one. */
export interface Preference {
  /** The view was replaced. */
  rebuilt?(before: Parameters<Choice["rebuilt"]>[0]): void;
  /** Whether to take `other` rather than `one`, which chance has drawn first. */
  prefers(other: number, one: number, meanWeight: number): boolean;
  settled?(index: number, outcome: Outcome): void;
}

/**
 * Draws two different endpoints in proportion to their weights and takes the first unless the second is preferred. So
 * calls follow the weights as long as there is nothing to choose by.
 */
export class TwoChoices implements Choice {
  readonly #weights: Weights;
  readonly #random: () => number;
  readonly #preference: Preference;
  readonly #tree: SumTree = new SumTree();

  constructor(weights: Weights, random: () => number, preference: Preference) {
    this.#weights = weights;
    this.#random = random;
    this.#preference = preference;
  }

  rebuilt(before: Parameters<Choice["rebuilt"]>[0]): void {
    this.#tree.fill(this.#weights.values);
    this.#preference.rebuilt?.(before);
  }

  changed(index: number, weight: number): void {
    this.#tree.set(index, weight);
  }

  choose(): number {
    const one = this.#draw();
    if (one < 0 || this.#weights.weighted === 1) return one;
    const meanWeight = this.#tree.total / this.#weights.weighted;
    this.#tree.set(one, 0);
    const other = this.#draw();
    this.#tree.set(one, this.#weights.values[one] as number);
    return other >= 0 && this.#preference.prefers(other, one, meanWeight) ? other : one;
  }

  settled(index: number, outcome: Outcome): void {
    this.#preference.settled?.(index, outcome);
  }

  #draw(): number {
    for (;;) {
      const index = this.#tree.draw(this.#random());
      if (index < 0 || this.#weights.verify(index) > 0) return index;
    }
  }
}

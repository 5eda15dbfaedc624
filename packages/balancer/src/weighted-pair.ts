import { SumTree } from "./sum-tree.js";
import type { Choice } from "./weighed-balancer.js";
import type { Weights } from "./weights.js";

/** Whether the second of two endpoints, by their indexes, is to be preferred to the first. */
export type Preference = (second: number, first: number) => boolean;

/** Of two different endpoints drawn in proportion to their weights, the first unless the second is preferred. */
export class WeightedPair implements Choice {
  readonly #weights: Weights;
  readonly #random: () => number;
  readonly #preferred: Preference;
  readonly #tree: SumTree = new SumTree();

  constructor(weights: Weights, random: () => number, preferred: Preference) {
    this.#weights = weights;
    this.#random = random;
    this.#preferred = preferred;
  }

  rebuilt(): void {
    this.#tree.fill(this.#weights.values);
  }

  changed(index: number, weight: number): void {
    this.#tree.set(index, weight);
  }

  choose(): number {
    const first = this.#draw();
    if (first < 0 || this.#weights.weighted === 1) return first;
    this.#tree.set(first, 0);
    const second = this.#draw();
    this.#tree.set(first, this.#weights.values[first] as number);
    return second >= 0 && this.#preferred(second, first) ? second : first;
  }

  #draw(): number {
    for (;;) {
      const index = this.#tree.draw(this.#random());
      if (index < 0 || this.#weights.verify(index) > 0) return index;
    }
  }
}

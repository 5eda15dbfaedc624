/**
 * Numbers of 0 or more, of which one can be drawn in proportion, and changed, in O(log n) steps: a binary tree whose
 * nodes hold the sums of their children, each computed anew from them, so that no rounding error adds up.
 */
export class SumTree {
  /** The root is node 1, the children of n are 2n and 2n + 1, and the leaves come last. */
  #nodes = new Float64Array(2);
  #leaves = 1;

  get total(): number {
    return this.#nodes[1] as number;
  }

  /** Replaces all numbers. */
  fill(values: Float64Array): void {
    this.#leaves = 1;
    while (this.#leaves < values.length) this.#leaves *= 2;
    const nodes = new Float64Array(2 * this.#leaves);
    nodes.set(values, this.#leaves);
    for (let node = this.#leaves - 1; node > 0; node--)
      nodes[node] = (nodes[2 * node] as number) + (nodes[2 * node + 1] as number);
    this.#nodes = nodes;
  }

  set(index: number, value: number): void {
    const nodes = this.#nodes;
    let node = this.#leaves + index;
    nodes[node] = value;
    while ((node >>= 1) > 0) nodes[node] = (nodes[2 * node] as number) + (nodes[2 * node + 1] as number);
  }

  /**
   * The index into whose share `point` falls; -1 when all are 0. Never an index whose number is 0.
   * @param point from 0 up to 1
   */
  draw(point: number): number {
    const nodes = this.#nodes;
    let left = point * this.total;
    if (!(this.total > 0)) return -1;
    let node = 1;
    while (node < this.#leaves) {
      node *= 2;
      const sum = nodes[node] as number;
      // Rounding can carry the point past the last number: nothing lies to the right of it then.
      if (left >= sum && (nodes[node + 1] as number) > 0) {
        left -= sum;
        node++;
      }
    }
    return node - this.#leaves;
  }
}

import type { BalancerFactory, Endpoint } from "@rollcall/core";
import { centre, earn, richest, scale, sumOf } from "./smooth-credits.js";
import { WeighedBalancer, type Choice } from "./weighed-balancer.js";
import type { Weights } from "./weights.js";

/** Endpoints in a block: at 10,000 endpoints a pick goes over about as many blocks as over endpoints of one. */
const blockSize = 128;

/** Picks run ahead at the start, at least: enough for a weight of 1 % to be met in its share of the starts. */
const leastStartingPoints = 100;

/** Smooth weighted round robin among blocks of endpoints, and in the chosen block among its endpoints. */
class SmoothRounds implements Choice {
  readonly #weights: Weights;
  readonly #random: () => number;
  /** Per endpoint of the view: nginx' `current_weight`. Those of a block sum up to 0. */
  #credits = new Float64Array(0);
  /** Per block: the weight and credit of the block itself, and the sum of weights that its endpoints' credits are measured in. */
  #blockWeights = new Float64Array(0);
  #blockCredits = new Float64Array(0);
  #blockScales = new Float64Array(0);
  /** The sum of all weights that the credits of blocks are measured in; 0 before the first pick. */
  #scale = 0;
  #started = false;

  constructor(weights: Weights, random: () => number) {
    this.#weights = weights;
    this.#random = random;
  }

  rebuilt(before: ReadonlyMap<Endpoint, number>): void {
    const { view, values } = this.#weights;
    const blocks = Math.ceil(view.length / blockSize);
    const [credits, scales, blockCredits] = [this.#credits, this.#blockScales, this.#blockCredits];
    this.#credits = new Float64Array(view.length);
    this.#blockWeights = new Float64Array(blocks);
    this.#blockCredits = Float64Array.from({ length: blocks }, (_, block) => blockCredits[block] ?? 0);
    this.#blockScales = Float64Array.from({ length: blocks }, (_, block) => scales[block] ?? 0);
    for (let block = 0; block < blocks; block++) {
      const from = block * blockSize;
      const to = this.#end(block);
      this.#blockWeights[block] = sumOf(values, from, to);
      const unit = this.#blockScales[block] as number;
      for (let i = from; i < to; i++) {
        const index = before.get(view[i] as Endpoint);
        if (index === undefined) continue;
        const old = scales[Math.floor(index / blockSize)] as number;
        const credit = credits[index] as number;
        this.#credits[i] = old === unit || old === 0 ? credit : (credit * unit) / old;
      }
      centre(this.#credits, from, to);
    }
    centre(this.#blockCredits, 0, blocks);
    if (!this.#started && view.length > 0) this.#start();
  }

  changed(index: number, weight: number, before: number): void {
    const block = Math.floor(index / blockSize);
    this.#blockWeights[block] = Math.max(0, (this.#blockWeights[block] as number) + weight - before);
  }

  choose(): number {
    const weights = this.#weights;
    while (weights.weighted > 0) {
      const block = richest(this.#blockWeights, this.#blockCredits, 0, this.#blockWeights.length);
      if (block < 0) return -1;
      const from = block * blockSize;
      const to = this.#end(block);
      const picked = richest(weights.values, this.#credits, from, to);
      if (picked < 0) {
        // What rounding has left of fractions.
        this.#blockWeights[block] = 0;
      } else if (weights.verify(picked) > 0) {
        this.#settle(block, from, to, picked);
        return picked;
      }
    }
    return -1;
  }

  #settle(block: number, from: number, to: number, picked: number): void {
    // A mask is for one pick: others keep what they have.
    if (!this.#weights.masked && this.#blockWeights[block] !== this.#blockScales[block])
      this.#rescale(block, from, to);
    this.#blockWeights[block] = earn(this.#weights.values, this.#credits, from, to, picked);
    earn(this.#blockWeights, this.#blockCredits, 0, this.#blockWeights.length, block);
  }

  /** Credits earned under weights of 100 would rule for a hundred picks under weights of 1; they keep their meaning in picks. */
  #rescale(block: number, from: number, to: number): void {
    const sum = sumOf(this.#weights.values, from, to);
    const unit = this.#blockScales[block] as number;
    if (unit > 0 && unit !== sum) scale(this.#credits, from, to, sum / unit);
    this.#blockScales[block] = sum;
    const blocks = this.#blockWeights.length;
    const total = sumOf(this.#blockWeights, 0, blocks);
    if (this.#scale > 0 && this.#scale !== total) scale(this.#blockCredits, 0, blocks, total / this.#scale);
    this.#scale = total;
  }

  #end(block: number): number {
    return Math.min((block + 1) * blockSize, this.#weights.view.length);
  }

  #start(): void {
    this.#started = true;
    if (this.#weights.weighted === 0) return;
    const ahead = Math.floor(this.#random() * Math.max(leastStartingPoints, this.#weights.view.length));
    for (let i = 0; i < ahead; i++) this.choose();
  }
}

/**
 * Calls in proportion to the weights, spread out rather than in bursts: no endpoint is picked more than twice as often
 * in a row as its weight makes inevitable. Weight 0 gets nothing.
 * While weights stand still the proportions are exact over every cycle of (sum of weights / their greatest common
 * divisor) picks. Credits outlive an update and keep their meaning when weights move; newcomers start in the middle.
 * Callers start at a random point of the cycle, so that those that start together do not march in step.
 *
 * A tried endpoint neither earns nor pays. When only tried ones are left the answer is a `NoPick`: whether a call may go
 * to the same endpoint again is for the pipeline to say.
 *
 * Up to 128 endpoints this is nginx' algorithm, with two passes over them per pick. More are divided into blocks of 128,
 * which take turns by the same algorithm, each with the sum of its weights; proportions stay exact, and a pick takes
 * two passes over the blocks and over one block.
 *
 * Source: nginx' smooth weighted round robin, `ngx_http_upstream_get_peer` in
 * https://github.com/nginx/nginx/blob/master/src/http/ngx_http_upstream_round_robin.c; the blocks are ours.
 */
export const weightedRoundRobin: BalancerFactory = {
  name: "weighted-round-robin",
  create: (env) => new WeighedBalancer(env, (weights) => new SmoothRounds(weights, () => env.random())),
};

import type { Balancer, BalancerEnv, Call, Endpoint, NoPick, PickArgs } from "@rollcall/core";
import { pointsPerEndpoint, Ring } from "./ring.js";
import { weightedRandom } from "./weighted-random.js";

/** How often the highest weight is looked up. */
const referenceEveryMs = 1_000;

/** Gives calls of one hash to one endpoint. Calls without a hash go to any, in proportion to the weights. */
export class RingHash implements Balancer {
  readonly #env: BalancerEnv;
  readonly #hashOf: (call: Call) => number;
  readonly #unkeyed: Balancer;
  readonly #ring = new Ring();
  #view: readonly Endpoint[] = [];
  /** The weight at which all points of an endpoint count. */
  #reference = 1;
  #referenceAtMs = 0;
  #closed = false;

  /** @param hashOf 31 bits; -1 for a call that may go anywhere */
  constructor(env: BalancerEnv, hashOf: (call: Call) => number) {
    this.#env = env;
    this.#hashOf = hashOf;
    this.#unkeyed = weightedRandom.create(env);
  }

  update(view: readonly Endpoint[]): void {
    if (this.#closed) return;
    this.#unkeyed.update(view);
    this.#ring.update(view);
    this.#view = [...view];
    this.#findReference(this.#env.clock.now());
  }

  pick(args: PickArgs): Endpoint | NoPick {
    const hash = this.#closed ? -1 : this.#hashOf(args.call);
    return (hash < 0 ? undefined : this.#walk(hash, args.tried)) ?? this.#unkeyed.pick(args);
  }

  close(): void {
    this.update([]);
    this.#closed = true;
    this.#unkeyed.close();
  }

  /** From the hash on, the first point that counts. An endpoint below the reference has that share of its points. */
  #walk(hash: number, tried: readonly Endpoint[]): Endpoint | undefined {
    const ring = this.#ring;
    const nowMs = this.#env.clock.now();
    if (nowMs >= this.#referenceAtMs) this.#findReference(nowMs);
    let place = ring.placeOf(hash);
    for (let left = ring.size; left > 0; left--) {
      const endpoint = ring.endpointAt(place);
      const counted = (endpoint.weightAt(nowMs) / this.#reference) * pointsPerEndpoint;
      if (ring.numberAt(place) < counted && (tried.length === 0 || !tried.includes(endpoint)))
        return endpoint;
      if (++place === ring.size) place = 0;
    }
    return undefined;
  }

  #findReference(nowMs: number): void {
    let highest = 0;
    for (const endpoint of this.#view) highest = Math.max(highest, endpoint.weightAt(nowMs));
    // In steps of two: whoever joins with a slightly higher weight must not move keys between the others.
    this.#reference = highest > 0 ? 2 ** Math.ceil(Math.log2(highest)) : 1;
    this.#referenceAtMs = nowMs + referenceEveryMs;
  }
}

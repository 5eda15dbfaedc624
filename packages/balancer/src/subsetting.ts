import {
  isNoPick,
  hashText,
  type Balancer,
  type BalancerEnv,
  type BalancerFactory,
  type Endpoint,
  type NoPick,
  type Outcome,
  type PickArgs,
} from "@rollcall/core";
import { closedPick, noPick } from "./no-pick.js";
import { nearness } from "./rendezvous.js";

/** How many endpoints each caller uses. */
export interface SubsettingOptions {
  /** How many endpoints a caller uses; 1 or more. Google's SRE book names 20 to 100. */
  readonly size: number;
}

/** How often the subset is compared with the weights, which move without an update. */
const reviewEveryMs = 1_000;

class Subsetting implements Balancer {
  readonly #env: BalancerEnv;
  readonly #inner: Balancer;
  readonly #size: number;
  readonly #caller: number;
  /** Nearest first. */
  #ranked: readonly Endpoint[] = [];
  #subset: readonly Endpoint[] = [];
  #reviewAtMs = 0;
  #closed = false;

  constructor(inner: BalancerFactory, env: BalancerEnv, size: number) {
    this.#env = env;
    this.#inner = inner.create(env);
    this.#size = size;
    this.#caller = hashText(env.caller);
  }

  update(view: readonly Endpoint[]): void {
    if (this.#closed) return;
    this.#ranked = view
      .map((endpoint) => ({ endpoint, near: nearness(this.#caller, endpoint.instance.id) }))
      .sort((a, b) => b.near - a.near || (a.endpoint.instance.id < b.endpoint.instance.id ? -1 : 1))
      .map(({ endpoint }) => endpoint);
    this.#review(view);
  }

  pick(args: PickArgs): Endpoint | NoPick {
    if (this.#closed) return closedPick;
    if (this.#env.clock.now() >= this.#reviewAtMs) this.#review();
    let picked = this.#inner.pick(args);
    if (!isNoPick(picked)) return picked;
    if (this.#review()) picked = this.#inner.pick(args);
    return isNoPick(picked) ? this.#beyond(args.tried) : picked;
  }

  settled(endpoint: Endpoint, outcome: Outcome): void {
    this.#inner.settled?.(endpoint, outcome);
  }

  close(): void {
    this.#closed = true;
    this.#ranked = this.#subset = [];
    this.#inner.close();
  }

  /** The nearest with a weight, and no one else while there are any. Returns whether the subset has changed. */
  #review(view?: readonly Endpoint[]): boolean {
    const nowMs = this.#env.clock.now();
    this.#reviewAtMs = nowMs + reviewEveryMs;
    if (!view && this.#upToDate(nowMs)) return false;
    const nearest = this.#ranked.filter((endpoint) => endpoint.weightAt(nowMs) > 0).slice(0, this.#size);
    this.#subset = nearest;
    const chosen = new Set(nearest);
    // In the order of the view, which policies that go by it expect to be stable.
    this.#inner.update((view ?? this.#ranked).filter((endpoint) => chosen.has(endpoint)));
    return true;
  }

  #upToDate(nowMs: number): boolean {
    let found = 0;
    for (const endpoint of this.#ranked) {
      if (found === this.#size) break;
      if (!(endpoint.weightAt(nowMs) > 0)) continue;
      if (this.#subset[found] !== endpoint) return false;
      found++;
    }
    return found === this.#subset.length;
  }

  /** A call does not fail for the sake of the subset: the nearest that it has not tried. */
  #beyond(tried: readonly Endpoint[]): Endpoint | NoPick {
    const nowMs = this.#env.clock.now();
    let weighted = 0;
    for (const endpoint of this.#ranked) {
      if (!(endpoint.weightAt(nowMs) > 0)) continue;
      if (!tried.includes(endpoint)) return endpoint;
      weighted++;
    }
    return noPick(this.#ranked.length, weighted);
  }
}

/**
 * Lets a policy choose among `size` of the endpoints, others for each caller, so that many callers of many instances do
 * not all talk to all. Each caller takes those with the highest hash of its own id and theirs: whoever joins or leaves
 * changes a subset by one endpoint at most, and no caller needs to know how many others there are.
 *
 * Endpoints of weight 0 have no place in a subset; one whose weight has moved from or to 0 is noticed within a second,
 * and at once when the subset has nothing to offer. A call that has tried all of its subset goes on to the nearest
 * outside it. Connections are the cluster's affair: this limits who gets calls, not who is connected.
 *
 * @throws RangeError when the size is not a whole number of 1 or more
 *
 * Sources: gRFC A68, https://github.com/grpc/proposal/blob/master/A68-random-subsetting.md; Google's SRE book, chapter
 * 20, for the sizes.
 */
export function subsetting(inner: BalancerFactory, { size }: SubsettingOptions): BalancerFactory {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`subset size is ${size}; allowed: 1 and more`);
  return {
    name: `subsetting(${inner.name})`,
    create: (env) => new Subsetting(inner, env, size),
  };
}

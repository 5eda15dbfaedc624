import { isNoPick } from "@rollcall/core";
import type {
  Balancer,
  BalancerEnv,
  BalancerFactory,
  Endpoint,
  NoPick,
  Outcome,
  PickArgs,
} from "@rollcall/core";
import { healthOf, type PartEnv } from "./healthy-share.js";
import { closedPick, noPick } from "./no-pick.js";
import { Weights } from "./weights.js";
import { zoneShares } from "./zone-shares.js";

/** When calls stay in the caller's zone. */
export interface ZoneAwareOptions {
  /** Views with fewer endpoints are not divided: a zone of one has nobody to fail over to. Default 6, Envoy's. */
  readonly minEndpoints?: number;
}

class ZoneAware implements Balancer {
  readonly #inner: BalancerFactory;
  readonly #env: PartEnv;
  readonly #minEndpoints: number;
  readonly #weights: Weights;
  /** By zone; the caller's own is the first. */
  readonly #balancers = new Map<string, Balancer>();
  #order: readonly Balancer[] = [];
  /** Per endpoint of the view: its zone's place in `#order`. */
  #zones = new Int32Array(0);
  #zoneWeights = new Float64Array(0);
  /** `#zoneWeights`, less what is ejected. */
  #healthy = new Float64Array(0);
  #shares = new Float64Array(0);
  #closed = false;

  constructor(inner: BalancerFactory, env: BalancerEnv, minEndpoints: number) {
    this.#inner = inner;
    this.#env = {
      clock: env.clock,
      random: () => env.random(),
      zone: env.zone,
      caller: env.caller,
      ejections: { endpoints: 0, ejected: 0 },
    };
    this.#minEndpoints = minEndpoints;
    this.#weights = new Weights(env.clock, (index, weight, before) => {
      const zone = this.#zones[index] as number;
      const sum = (this.#zoneWeights[zone] as number) + weight - before;
      this.#zoneWeights[zone] = sum > 0 ? sum : 0;
    });
    this.#balancers.set(env.zone, inner.create(this.#env));
  }

  update(view: readonly Endpoint[]): void {
    if (this.#closed) return;
    const parts = new Map<string, Endpoint[]>([[this.#env.zone, []]]);
    for (const endpoint of view) {
      // A view that is not divided is all the caller's: so what is known of its own zone outlives the change.
      const zone = view.length < this.#minEndpoints ? this.#env.zone : endpoint.instance.zone;
      const part = parts.get(zone);
      if (part) part.push(endpoint);
      else parts.set(zone, [endpoint]);
    }
    for (const [zone, balancer] of this.#balancers) {
      if (parts.has(zone)) continue;
      balancer.close();
      this.#balancers.delete(zone);
    }
    const places = new Map<Endpoint, number>();
    this.#order = [...parts].map(([zone, part], place) => {
      const balancer = this.#balancers.get(zone) ?? this.#inner.create(this.#env);
      this.#balancers.set(zone, balancer);
      balancer.update(part);
      for (const endpoint of part) places.set(endpoint, place);
      return balancer;
    });
    this.#weights.update(view);
    this.#zones = Int32Array.from(view, (endpoint) => places.get(endpoint) as number);
    this.#zoneWeights = new Float64Array(this.#order.length);
    this.#healthy = new Float64Array(this.#order.length);
    this.#shares = new Float64Array(this.#order.length);
    this.#weights.values.forEach((weight, index) => {
      const zone = this.#zones[index] as number;
      this.#zoneWeights[zone] = (this.#zoneWeights[zone] as number) + weight;
    });
  }

  pick(args: PickArgs): Endpoint | NoPick {
    if (this.#closed) return closedPick;
    this.#weights.refresh();
    const zone = this.#draw();
    const balancer = this.#order[zone];
    if (balancer === undefined) return this.#nothing();
    const picked = balancer.pick(args);
    if (isNoPick(picked)) return this.#elsewhere(zone, args, false) ?? this.#nothing();
    const health = healthOf(balancer);
    // An ejected one is for when there is nothing else, here or in another zone.
    if (health !== undefined && health.healthyShare < 1 && !health.trusts(picked))
      return this.#elsewhere(zone, args, true) ?? picked;
    return picked;
  }

  settled(endpoint: Endpoint, outcome: Outcome): void {
    const index = this.#weights.indexOf(endpoint);
    if (index !== undefined) this.#order[this.#zones[index] as number]?.settled?.(endpoint, outcome);
  }

  close(): void {
    this.update([]);
    this.#closed = true;
    for (const balancer of this.#balancers.values()) balancer.close();
  }

  /** The zone whose turn it is. */
  #draw(): number {
    const zones = this.#order.length;
    if (zones < 2) return 0;
    for (let zone = 0; zone < zones; zone++) {
      const share = healthOf(this.#order[zone] as Balancer)?.healthyShare ?? 1;
      this.#healthy[zone] = (this.#zoneWeights[zone] as number) * share;
    }
    zoneShares(this.#healthy, 0, this.#shares);
    // Where there is no choice, the random numbers are the policy's.
    const only = this.#shares.indexOf(1);
    if (only >= 0) return only;
    let point = this.#env.random();
    for (let zone = 0; zone < zones; zone++) {
      point -= this.#shares[zone] as number;
      if (point < 0) return zone;
    }
    return 0;
  }

  /** What another zone than the one drawn has to offer: the caller's own, or else one after the other. */
  #elsewhere(drawn: number, args: PickArgs, trusted: boolean): Endpoint | undefined {
    for (let zone = 0; zone < this.#order.length; zone++) {
      if (zone === drawn) continue;
      const balancer = this.#order[zone] as Balancer;
      const picked = balancer.pick(args);
      if (isNoPick(picked)) continue;
      if (!trusted || (healthOf(balancer)?.trusts(picked) ?? true)) return picked;
    }
    return undefined;
  }

  #nothing(): NoPick {
    this.#weights.readAll();
    return noPick(this.#weights.view.length, this.#weights.weighted);
  }
}

/**
 * Prefers the endpoints of the caller's own zone, `BalancerEnv.zone`, with one balancer of the policy per zone. While
 * the zone's healthy weight is its fair share of all, which is 1 / zones, all calls stay in it; when it falls short, so
 * many calls leave it that its endpoints are loaded like all others, for the zones that have more than their fair share,
 * in proportion to what they have more. A call that has tried all of its zone goes to another.
 *
 * Healthy is what is in the view with a weight and, when `outlierEjection` is the policy inside, not ejected. Without
 * effect where the caller's zone is empty or not known, and in views of fewer than `minEndpoints`. An endpoint without a
 * zone is in a zone of its own.
 *
 * Source: Envoy's zone aware routing; see `zoneShares` for what differs.
 */
export function zoneAware(inner: BalancerFactory, options: ZoneAwareOptions = {}): BalancerFactory {
  const { minEndpoints = 6 } = options;
  return {
    name: `zone-aware(${inner.name})`,
    create: (env) => (env.zone === "" ? inner.create(env) : new ZoneAware(inner, env, minEndpoints)),
  };
}

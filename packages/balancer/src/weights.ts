import type { Clock, Endpoint } from "@rollcall/core";

/** Views up to this size have all their weights read at every pick. */
const readAllUpTo = 16;
/** Of larger views this many are read per pick, in turn, */
const readPerPick = 8;
/** and all of them when the last time was this long ago. */
const readAllEveryMs = 1_000;

/** Hears of a weight that has moved. */
export type WeightChange = (index: number, weight: number, before: number) => void;

/**
 * The weights of a view, which may move at any moment without an update, kept so that a pick need not read all of them:
 * a view of up to 16 endpoints is read whole; of a larger one a pick reads 8 in turn, and all once a second. So a weight
 * that rises is known within a second. A policy calls `verify` on the endpoint that it is about to pick, so weight 0
 * is heeded at once. Nothing here allocates after `update`.
 */
export class Weights {
  readonly #clock: Clock;
  readonly #changed: WeightChange;
  #view: readonly Endpoint[] = [];
  #indexes = new Map<Endpoint, number>();
  #values = new Float64Array(0);
  /** The indexes of weights above 0 come first, in no order; `#places` is the inverse. */
  #order = new Int32Array(0);
  #places = new Int32Array(0);
  #weighted = 0;
  #cursor = 0;
  #readAllAtMs = 0;
  #masked = false;
  /** The moment of the last `refresh`. */
  nowMs = 0;

  constructor(clock: Clock, changed: WeightChange = () => {}) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get view(): readonly Endpoint[] {
    return this.#view;
  }

  /** Per endpoint of the view, as last read; 0 while it is masked. */
  get values(): Float64Array {
    return this.#values;
  }

  /** How many are above 0. */
  get weighted(): number {
    return this.#weighted;
  }

  /** Whether some are hidden for one pick. */
  get masked(): boolean {
    return this.#masked;
  }

  /** The index of the n-th endpoint, from 0, whose weight is above 0. In no order, but stable while no weight moves. */
  weightedAt(n: number): number {
    return this.#order[n] as number;
  }

  /** The inverse of `weightedAt`. */
  placeOf(index: number): number {
    return this.#places[index] as number;
  }

  indexOf(endpoint: Endpoint): number | undefined {
    return this.#indexes.get(endpoint);
  }

  /** Takes over a view and reads all of it, without calls of `changed`. Returns the indexes of the view before. */
  update(view: readonly Endpoint[]): ReadonlyMap<Endpoint, number> {
    const before = this.#indexes;
    this.#view = [...view];
    this.#indexes = new Map(view.map((endpoint, index) => [endpoint, index]));
    this.nowMs = this.#clock.now();
    this.#values = Float64Array.from(view, (endpoint) => this.#read(endpoint));
    this.#order = Int32Array.from(view.keys());
    this.#places = Int32Array.from(view.keys());
    this.#weighted = 0;
    for (let index = 0; index < view.length; index++)
      if ((this.#values[index] as number) > 0) this.#rise(index);
    this.#cursor = 0;
    this.#readAllAtMs = this.nowMs + readAllEveryMs;
    return before;
  }

  /** To be called before each pick: takes the time, and reads as many weights as a pick can afford. */
  refresh(): void {
    this.nowMs = this.#clock.now();
    const size = this.#view.length;
    if (size <= readAllUpTo || this.nowMs >= this.#readAllAtMs) return this.readAll();
    let cursor = this.#cursor;
    for (let step = 0; step < readPerPick; step++) {
      if (cursor >= size) cursor = 0;
      this.verify(cursor++);
    }
    this.#cursor = cursor;
  }

  readAll(): void {
    for (let index = 0; index < this.#view.length; index++) this.verify(index);
    this.#readAllAtMs = this.nowMs + readAllEveryMs;
  }

  /** Reads one weight, as of the last `refresh`, and returns it. */
  verify(index: number): number {
    const weight = this.#read(this.#view[index] as Endpoint);
    if (weight !== this.#values[index]) this.#set(index, weight);
    return weight;
  }

  /** Hides endpoints from one pick, as if their weight was 0. */
  mask(endpoints: readonly Endpoint[]): void {
    this.#masked = true;
    for (const endpoint of endpoints) {
      const index = this.#indexes.get(endpoint);
      if (index !== undefined && this.#values[index] !== 0) this.#set(index, 0);
    }
  }

  unmask(endpoints: readonly Endpoint[]): void {
    for (const endpoint of endpoints) {
      const index = this.#indexes.get(endpoint);
      if (index !== undefined) this.verify(index);
    }
    this.#masked = false;
  }

  #read(endpoint: Endpoint): number {
    const weight = endpoint.weightAt(this.nowMs);
    return weight > 0 ? weight : 0;
  }

  #set(index: number, weight: number): void {
    const before = this.#values[index] as number;
    this.#values[index] = weight;
    if (before === 0) this.#rise(index);
    else if (weight === 0) this.#fall(index);
    this.#changed(index, weight, before);
  }

  #rise(index: number): void {
    this.#swap(this.#places[index] as number, this.#weighted++);
  }

  #fall(index: number): void {
    this.#swap(this.#places[index] as number, --this.#weighted);
  }

  #swap(one: number, other: number): void {
    const order = this.#order;
    const moved = order[one] as number;
    const displaced = order[other] as number;
    order[one] = displaced;
    order[other] = moved;
    this.#places[displaced] = one;
    this.#places[moved] = other;
  }
}

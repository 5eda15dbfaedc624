const leastSlots = 64;

/** 2^32 over the golden ratio: what is one after the other comes to lie far apart (Knuth, TAOCP 6.4). */
const scatter = 0x9e3779b1;

/**
 * Values by numbers that come and go: a hash table that is probed in steps of one, and closes its gaps. It keeps its
 * memory: see `LinkedList` for what a Map would do.
 */
export class IdTable<T> {
  #ids = new Float64Array(leastSlots);
  #values: (T | undefined)[] = Array.from({ length: leastSlots });
  #mask = leastSlots - 1;
  /** How many of a hash's 32 bits are too many. */
  #shift = 32 - Math.log2(leastSlots);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): T | undefined {
    return this.#values[this.#find(id)];
  }

  /** @param id a safe integer from 0 that is not there yet */
  add(id: number, value: T): void {
    if (2 * (this.#size + 1) > this.#values.length) this.#grow();
    const at = this.#find(id);
    this.#ids[at] = id;
    this.#values[at] = value;
    this.#size++;
  }

  /** Takes it out; undefined when it is not there. */
  take(id: number): T | undefined {
    let gap = this.#find(id);
    const value = this.#values[gap];
    if (value === undefined) return undefined;
    const mask = this.#mask;
    // Whoever was moved on because of this one, or of one that filled its gap, moves back.
    for (let at = (gap + 1) & mask; this.#values[at] !== undefined; at = (at + 1) & mask) {
      const home = this.#home(this.#ids[at]!);
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      this.#ids[gap] = this.#ids[at]!;
      this.#values[gap] = this.#values[at];
      gap = at;
    }
    this.#values[gap] = undefined;
    this.#size--;
    return value;
  }

  /** Those that are there now, by rising ids. */
  values(): T[] {
    const ids = this.#ids.filter((_, at) => this.#values[at] !== undefined).sort();
    return Array.from(ids, (id) => this.get(id)!);
  }

  clear(): void {
    this.#values.fill(undefined);
    this.#size = 0;
  }

  /**
   * Where it is when nothing else is there. Ids of calls are one after the other: left so, they would be one long run, and
   * to close a gap would be to look at all of it.
   */
  #home(id: number): number {
    return Math.imul(id, scatter) >>> this.#shift;
  }

  /** Where it is, or would be. */
  #find(id: number): number {
    const mask = this.#mask;
    let at = this.#home(id);
    while (this.#values[at] !== undefined && this.#ids[at] !== id) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const ids = this.#ids;
    const values = this.#values;
    this.#ids = new Float64Array(2 * values.length);
    this.#values = Array.from({ length: 2 * values.length });
    this.#mask = this.#values.length - 1;
    this.#shift--;
    this.#size = 0;
    for (const [at, value] of values.entries()) if (value !== undefined) this.add(ids[at]!, value);
  }
}

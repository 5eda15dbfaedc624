import type { Endpoint } from "@rollcall/core";
import { hashText, mix } from "./text-hash.js";

/** A power of two, so that a point is a slot and a number in one. */
export const pointsPerEndpoint = 128;
const pointBits = Math.log2(pointsPerEndpoint);

/**
 * The points of a hash ring: for each endpoint 128, at places that follow from its instance's id alone. So every caller
 * has the same ring, an instance keeps its keys over a restart, and whoever joins or leaves touches only its own points.
 * An update that changes nothing but incarnations costs one look-up per endpoint; others, one pass over the points.
 */
export class Ring {
  /** Sorted; `#points` has the slot of each and its number among those of the slot. */
  #hashes = new Uint32Array(0);
  #points = new Uint32Array(0);
  readonly #slots = new Map<string, number>();
  readonly #endpoints: (Endpoint | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#points.length;
  }

  endpointAt(place: number): Endpoint {
    return this.#endpoints[(this.#points[place] as number) >>> pointBits] as Endpoint;
  }

  /** The point's number among those of its endpoint, from 0. */
  numberAt(place: number): number {
    return (this.#points[place] as number) & (pointsPerEndpoint - 1);
  }

  /** The place of the first point at or after a hash. */
  placeOf(hash: number): number {
    const hashes = this.#hashes;
    let low = 0;
    let high = hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((hashes[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    return low < hashes.length ? low : 0;
  }

  update(view: readonly Endpoint[]): void {
    const present = new Set(view.map(({ instance }) => instance.id));
    const left: number[] = [];
    for (const [id, slot] of this.#slots) {
      if (present.has(id)) continue;
      this.#slots.delete(id);
      this.#endpoints[slot] = undefined;
      left.push(slot);
    }
    const joined: number[] = [];
    for (const endpoint of view) {
      let slot = this.#slots.get(endpoint.instance.id);
      if (slot === undefined) {
        slot = this.#free.pop() ?? this.#endpoints.length;
        this.#slots.set(endpoint.instance.id, slot);
        joined.push(slot);
      }
      this.#endpoints[slot] = endpoint;
    }
    if (left.length > 0 || joined.length > 0) this.#merge(left, joined);
    // Only now: until here their points were still on the ring.
    this.#free.push(...left);
  }

  #merge(left: readonly number[], joined: readonly number[]): void {
    const fresh = this.#freshPoints(joined);
    const gone = new Uint8Array(this.#endpoints.length);
    for (const slot of left) gone[slot] = 1;
    const [oldHashes, oldPoints] = [this.#hashes, this.#points];
    const size = oldPoints.length + fresh.points.length - left.length * pointsPerEndpoint;
    const hashes = new Uint32Array(size);
    const points = new Uint32Array(size);
    let next = 0;
    for (let place = 0, old = 0; place < size; place++) {
      while (old < oldPoints.length && gone[(oldPoints[old] as number) >>> pointBits] === 1) old++;
      const fromFresh =
        old === oldPoints.length ||
        (next < fresh.points.length && (fresh.hashes[next] as number) < (oldHashes[old] as number));
      hashes[place] = (fromFresh ? fresh.hashes[next] : oldHashes[old]) as number;
      points[place] = (fromFresh ? fresh.points[next++] : oldPoints[old++]) as number;
    }
    this.#hashes = hashes;
    this.#points = points;
  }

  #freshPoints(slots: readonly number[]): { hashes: Uint32Array; points: Uint32Array } {
    // Numbers sort faster than objects do: the hash above, the point below, in the 53 bits that a number holds exactly.
    const radix = 2 ** Math.max(21, Math.ceil(Math.log2(this.#endpoints.length * pointsPerEndpoint)));
    const unit = radix / 2 ** 21;
    const sorted = new Float64Array(slots.length * pointsPerEndpoint);
    let filled = 0;
    for (const slot of slots) {
      const { id } = (this.#endpoints[slot] as Endpoint).instance;
      const [one, other] = [hashText(id), hashText(id, 0x9e3779b9)];
      for (let number = 0; number < pointsPerEndpoint; number++) {
        const hash = mix(one ^ mix(other + number));
        sorted[filled++] = Math.floor(hash / unit) * radix + (slot * pointsPerEndpoint + number);
      }
    }
    sorted.sort();
    return {
      hashes: Uint32Array.from(sorted, (each) => Math.floor(each / radix) * unit),
      points: Uint32Array.from(sorted, (each) => each % radix),
    };
  }
}

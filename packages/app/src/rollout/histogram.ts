/** Each bound is this much above the one before: the geometric middle of a bucket is within 4.9 % of all in it. */
const growth = 1.1;
const firstMs = 0.1;
/** The 164th bound is at 614 s; what is slower shares the last bucket. */
const lastBucket = 165;
/** Bounds must fall into the bucket that they end, in spite of rounding. */
const slack = 1e-9;

/** How many buckets there are; they are numbered from 0. */
export const latencyBuckets: number = lastBucket + 1;

/** The bucket of a latency. Anything up to 0.1 ms is in bucket 0, and so is what is no number. */
export function latencyBucket(ms: number): number {
  if (!(ms > firstMs)) return 0;
  return Math.min(lastBucket, Math.ceil(Math.log(ms / firstMs) / Math.log(growth) - slack));
}

/** The upper bound of a bucket, in milliseconds, inclusive. */
export function bucketEndMs(bucket: number): number {
  return firstMs * growth ** bucket;
}

/** Counts of latencies on a logarithmic scale from 0.1 ms to 10 minutes: 166 numbers, a relative error of 5 % at most. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(latencyBuckets);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  record(ms: number): void {
    const bucket = latencyBucket(ms);
    this.#counts[bucket] = this.#counts[bucket]! + 1;
    this.#total++;
  }

  /**
   * Adds what another histogram's `pairs` say.
   * @throws RangeError for a bucket that there is not; nothing of what follows it is added
   */
  add(pairs: readonly (readonly [bucket: number, count: number])[]): void {
    for (const [bucket, count] of pairs) {
      const present = this.#counts[bucket];
      if (present === undefined) throw new RangeError(`there is no bucket ${bucket}`);
      this.#counts[bucket] = present + count;
      this.#total += count;
    }
  }

  /** Bucket and count of those that are not empty, in the order of latency. */
  pairs(): [bucket: number, count: number][] {
    const pairs: [number, number][] = [];
    for (const [bucket, count] of this.#counts.entries()) if (count > 0) pairs.push([bucket, count]);
    return pairs;
  }

  /** The first bucket up to whose end there is at least this share of all; undefined for an empty histogram. */
  quantileBucket(share: number): number | undefined {
    if (this.#total === 0) return undefined;
    let left = share * this.#total;
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (count > 0 && left <= slack) return bucket;
    }
    return lastBucket;
  }

  /** The latency, in milliseconds, that this share does not exceed, within 5 %; undefined for an empty histogram. */
  quantileMs(share: number): number | undefined {
    const bucket = this.quantileBucket(share);
    return bucket === undefined ? undefined : bucketEndMs(bucket) / Math.sqrt(growth);
  }

  /** How many are in later buckets than this one. */
  above(bucket: number): number {
    let count = 0;
    for (let at = bucket + 1; at < latencyBuckets; at++) count += this.#counts[at]!;
    return count;
  }
}

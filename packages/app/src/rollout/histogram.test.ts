import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketEndMs, latencyBucket, latencyBuckets, LatencyHistogram } from "./histogram.js";

const seed = 20_261_121;

describe("a latency histogram", () => {
  it("is within 5 % of any latency between 0.1 ms and 10 minutes", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 600_000, noNaN: true }), (ms) => {
        const histogram = new LatencyHistogram();
        histogram.record(ms);
        expect(Math.abs(histogram.quantileMs(0.99)! - ms) / ms).toBeLessThan(0.05);
      }),
      { seed },
    );
  });

  it("counts a bound to the bucket that it ends", () => {
    for (let bucket = 0; bucket < latencyBuckets; bucket++) {
      expect(latencyBucket(bucketEndMs(bucket))).toBe(bucket);
    }
  });

  it("takes any number", () => {
    const histogram = new LatencyHistogram();
    for (const ms of [0, -1, Number.NaN, 1e-9, Infinity, 1e300]) histogram.record(ms);
    expect(histogram.pairs()).toEqual([
      [0, 4],
      [latencyBuckets - 1, 2],
    ]);
  });

  it("is the same merged from parts as recorded in one", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }))), (parts) => {
        const merged = new LatencyHistogram();
        const whole = new LatencyHistogram();
        for (const part of parts) {
          const one = new LatencyHistogram();
          for (const ms of part) {
            one.record(ms);
            whole.record(ms);
          }
          merged.add(one.pairs());
        }
        expect(merged.pairs()).toEqual(whole.pairs());
        expect(merged.total).toBe(whole.total);
      }),
      { seed },
    );
  });

  it("knows its quantiles and what lies above them", () => {
    const histogram = new LatencyHistogram();
    expect(histogram.quantileMs(0.5)).toBeUndefined();
    for (let ms = 1; ms <= 1_000; ms++) histogram.record(ms);
    expect(histogram.quantileMs(0.5)! / 500).toBeCloseTo(1, 1);
    expect(histogram.quantileMs(0.99)! / 990).toBeCloseTo(1, 1);
    expect(histogram.quantileMs(1)! / 1_000).toBeCloseTo(1, 1);
    const above = histogram.above(histogram.quantileBucket(0.99)!);
    expect(above).toBeLessThanOrEqual(10);
    expect(histogram.above(latencyBuckets - 1)).toBe(0);
  });

  it("refuses a bucket that there is not", () => {
    for (const bucket of [-1, latencyBuckets, 0.5, Number.NaN]) {
      expect(() => new LatencyHistogram().add([[bucket, 1]])).toThrow(RangeError);
    }
  });
});

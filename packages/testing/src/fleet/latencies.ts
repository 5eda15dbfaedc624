import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";

/** Latencies in a form that crosses processes and can be added up. */
export interface LatencyData {
  /** An HDR histogram of microseconds, compressed, in base64. */
  readonly histogram: string;
  readonly maxMs: number;
}

/**
 * Latencies of any number of calls in a few dozen kilobytes: percentiles within 0.1 %, the maximum exact. A histogram
 * rather than all values, because soak runs make tens of millions of calls and several callers' figures are added up.
 *
 * Source: HDR histogram, https://github.com/HdrHistogram/HdrHistogramJS
 */
export class Latencies {
  private readonly histogram: Histogram = build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2,
    numberOfSignificantValueDigits: 3,
  });
  private max = 0;

  record(ms: number): void {
    this.histogram.recordValue(Math.max(0, Math.round(ms * 1000)));
    this.max = Math.max(this.max, ms);
  }

  /** In ms; 0 when nothing was recorded. */
  percentile(percent: number): number {
    if (this.histogram.totalCount === 0) return 0;
    return Math.min(this.max, this.histogram.getValueAtPercentile(percent) / 1000);
  }

  get maxMs(): number {
    return this.max;
  }

  data(): LatencyData {
    return { histogram: encodeIntoCompressedBase64(this.histogram), maxMs: this.max };
  }

  add(data: LatencyData): void {
    this.histogram.add(decodeFromCompressedBase64(data.histogram));
    this.max = Math.max(this.max, data.maxMs);
  }
}

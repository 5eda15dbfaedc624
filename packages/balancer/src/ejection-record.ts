import { Code, isServerFault, type Endpoint, type Outcome } from "@rollcall/core";
import type { EjectionSettings, SuccessRateOptions } from "./ejection-options.js";

/** What outlier ejection remembers of an endpoint. */
export class EjectionRecord {
  readonly endpoint: Endpoint;
  /** Failures since the last success. */
  failuresInARow = 0;
  /** Of this interval. */
  attempts = 0;
  successes = 0;
  /** Grows with each ejection, shrinks by one with each interval outside one. */
  multiplier = 0;
  /** When it may return; undefined while it is not ejected. */
  endsAtMs: number | undefined;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  /** Counts an attempt, unless it says nothing of the endpoint's application. */
  count({ code, processed }: Outcome): void {
    if (processed === "no" || code === Code.Cancelled) return;
    this.attempts++;
    if (isServerFault(code)) {
      this.failuresInARow++;
    } else {
      this.failuresInARow = 0;
      this.successes++;
    }
  }

  eject(nowMs: number, { baseEjectionMs, maxEjectionMs }: EjectionSettings): void {
    this.multiplier++;
    const most = Math.max(baseEjectionMs, maxEjectionMs);
    this.endsAtMs = nowMs + Math.min(baseEjectionMs * this.multiplier, most);
  }

  readmit(): void {
    this.endsAtMs = undefined;
    this.failuresInARow = 0;
  }

  /** Begins the next interval. */
  reset(): void {
    this.attempts = this.successes = 0;
    if (this.endsAtMs === undefined && this.multiplier > 0) this.multiplier--;
  }
}

/**
 * Those whose success rate is too far below the mean of all, the worst first. Only endpoints with enough attempts are
 * compared, and only when there are enough of them.
 *
 * Source: the success rate algorithm of gRFC A50.
 */
export function outliers(
  records: Iterable<EjectionRecord>,
  { deviations, minEndpoints, minAttempts }: Required<SuccessRateOptions>,
): readonly EjectionRecord[] {
  const measured = [...records].filter(({ attempts }) => attempts > 0 && attempts >= minAttempts);
  if (measured.length === 0 || measured.length < minEndpoints) return [];
  const rate = ({ successes, attempts }: EjectionRecord): number => successes / attempts;
  const mean = measured.reduce((sum, each) => sum + rate(each), 0) / measured.length;
  const variance = measured.reduce((sum, each) => sum + (rate(each) - mean) ** 2, 0) / measured.length;
  const threshold = mean - Math.sqrt(variance) * deviations;
  return measured.filter((each) => rate(each) < threshold).sort((a, b) => rate(a) - rate(b));
}

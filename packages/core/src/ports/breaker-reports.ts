/** A breaker of a caller that is not closed. */
export interface ReportedBreaker {
  /** `shop.v1.Orders/Get`. */
  readonly method: string;
  readonly subset: string;
  readonly state: "open" | "half-open";
  /** When it left the closed state, in milliseconds since the epoch. */
  readonly since: number;
  /** Calls of the window in which it opened, and how many of them failed. */
  readonly calls: number;
  readonly failures: number;
}

/** The breakers of one caller that are not closed. */
export interface BreakerReport {
  /** Random per process, as in `CallerReport`. */
  readonly caller: string;
  /** The name of its app; empty for a client without one. */
  readonly app: string;
  readonly breakers: readonly ReportedBreaker[];
}

/** More breakers than this are not in one report. */
export const mostReportedBreakers = 100;

/** Where callers say which of their breakers are not closed, for people to see: nothing else depends on it. */
export interface BreakerReports {
  /** Keeps the caller's report on the service while this process lives, in place of its last one. False when enough others report, as many as report rollouts; then nothing is kept. */
  report(service: string, report: BreakerReport, signal: AbortSignal): Promise<boolean>;
  /** Takes the report back. */
  withdraw(service: string, caller: string, signal: AbortSignal): Promise<void>;
  /** The reports there are; damaged ones are left out. */
  reports(service: string, signal: AbortSignal): Promise<readonly BreakerReport[]>;
}

/** What a server takes on at once, and how long its calls may last. 0 stands for no limit. */
export interface CallLimits {
  /**
   * Of calls whose answer is one message and that come without a deadline, in milliseconds; a method's own `timeoutMs`
   * goes before it, and a caller's deadline is never lengthened nor shortened by it. Calls that are answered by a stream
   * may last. Default 60,000.
   */
  readonly serverTimeoutMs: number;
  /**
   * Calls at once over all connections, streams included; one more gets RESOURCE_EXHAUSTED before its handler runs.
   * Health checks and the link between Rollcall processes do not count. Default 4,096: a bound on
   * memory (so many calls that wait took 146 MB), far above what a process has under way when it keeps up. Raise it for a
   * service that thousands watch.
   */
  readonly maxConcurrentCalls: number;
  /**
   * New calls get RESOURCE_EXHAUSTED while the event loop is late by more than this, in milliseconds: by its median over
   * a second, for two seconds on end, until it is late by less than half. Health checks and the link go on. Default
   * 1,000: no pause of a garbage collection, but a process that each call would wait for at every step.
   */
  readonly maxEventLoopLagMs: number;
  /**
   * A bidirectional stream on which nothing moved either way for as long ends, and a stream of answers whose reader takes
   * none, in milliseconds; a stream of answers that waits for its handler may last. The caller gets ABORTED. Default
   * 300,000, Envoy's.
   */
  readonly streamIdleMs: number;
}

/** The limits of calls on a server unless it is told otherwise. */
export const defaultCallLimits: CallLimits = {
  serverTimeoutMs: 60_000,
  maxConcurrentCalls: 4_096,
  maxEventLoopLagMs: 1_000,
  streamIdleMs: 300_000,
};

/** A part of an app that starts and stops with it. */
export interface Lifecycle {
  readonly name: string;
  start(signal: AbortSignal): Promise<void>;
  /** Bounded by the signal: what it has not finished by then is cut. */
  stop(signal: AbortSignal): Promise<void>;
}

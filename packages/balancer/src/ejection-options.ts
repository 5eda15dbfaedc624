/** When an endpoint is left out, and for how long. */
export interface OutlierEjectionOptions {
  /** Failures in a row that eject at once. Default 5, Envoy's; 0 turns this off. */
  readonly consecutiveFailures?: number;
  /** How often success rates are compared. Default 10 s. */
  readonly intervalMs?: number;
  /** Times how often it was ejected lately is how long an endpoint stays out. Default 30 s. */
  readonly baseEjectionMs?: number;
  /** The longest it stays out. Default 300 s. */
  readonly maxEjectionMs?: number;
  /** The share of the view that may be out at one time, in percent; one endpoint always may. Default 10. */
  readonly maxEjectionPercent?: number;
  /** Below this share of endpoints that are not ejected, in percent, ejections are ignored. Default 50, Envoy's. */
  readonly panicPercent?: number;
  /** Success rates; false turns them off. */
  readonly successRate?: SuccessRateOptions | false;
}

/** When an endpoint is ejected because others succeed far more often. */
export interface SuccessRateOptions {
  /** Standard deviations below the mean that eject. Default 1.9. */
  readonly deviations?: number;
  /** Endpoints with enough attempts in the interval, for a comparison to mean something. Default 5. */
  readonly minEndpoints?: number;
  /** Attempts in the interval that are enough. Default 100. */
  readonly minAttempts?: number;
}

export interface EjectionSettings extends Required<Omit<OutlierEjectionOptions, "successRate">> {
  readonly successRate: Required<SuccessRateOptions> | undefined;
}

/** The figures of gRFC A50 where nothing else is said. */
export function ejectionSettings(options: OutlierEjectionOptions): EjectionSettings {
  const { successRate = {} } = options;
  return {
    consecutiveFailures: options.consecutiveFailures ?? 5,
    intervalMs: options.intervalMs ?? 10_000,
    baseEjectionMs: options.baseEjectionMs ?? 30_000,
    maxEjectionMs: options.maxEjectionMs ?? 300_000,
    maxEjectionPercent: options.maxEjectionPercent ?? 10,
    panicPercent: options.panicPercent ?? 50,
    successRate:
      successRate === false
        ? undefined
        : {
            deviations: successRate.deviations ?? 1.9,
            minEndpoints: successRate.minEndpoints ?? 5,
            minAttempts: successRate.minAttempts ?? 100,
          },
  };
}

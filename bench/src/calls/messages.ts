/** From the benchmark to a process. */
export type Order =
  | { readonly do: "start"; readonly kind: string; readonly registry: string; readonly address?: string }
  | { readonly do: "load"; readonly concurrency: number; readonly bytes: number; readonly ms: number }
  | { readonly do: "usage" }
  | { readonly do: "stop" };

/** What a client has done in one go. */
export interface Load {
  readonly calls: number;
  readonly seconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** What a process has taken since it started. */
export interface Usage {
  readonly cpuUs: number;
  readonly peakRssBytes: number;
}

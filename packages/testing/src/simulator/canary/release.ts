import type { ServerOptions } from "../environment.js";
import type { Sickness } from "./sickness.js";

/** What an instance runs, and how it registers. */
export interface Release {
  readonly version: string;
  readonly track: string;
  readonly weight: number;
  readonly services: ServerOptions["services"];
  readonly sickness: Sickness;
}

/** As a service is deployed when nothing is said. */
export function stableRelease({ version = "1.0.0", services }: ServerOptions): Release {
  return { version, track: "stable", weight: 100, services, sickness: {} };
}

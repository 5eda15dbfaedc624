import type { CallerProcess } from "./caller.js";
import type { Environment } from "./environment.js";
import type { SimulatedFleet } from "./fleet.js";

/** What a run is judged by, with all its processes still there. */
export interface Run {
  readonly env: Environment;
  readonly fleet: SimulatedFleet;
  readonly callers: readonly CallerProcess[];
  /** Whether a method may be repeated, by its name. */
  idempotent(method: string): boolean;
}

export { simulate, Simulation, SimulationError, type Outcome, type SimulateOptions } from "./simulate.js";
export type { SimulatedFleet, RollingRestartOptions } from "./fleet.js";
export type { SimRegistry } from "./registry/sim-registry.js";
export type { Caller, Workload } from "./caller.js";
export type { ServerOptions } from "./environment.js";
export type { ProcessInfo, Seams } from "./seams.js";
export { seededRandom, type SeededRandom } from "./random.js";

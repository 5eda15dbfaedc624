export { simulate, Simulation, SimulationError, type Outcome, type SimulateOptions } from "./simulate.js";
export type { SimulatedFleet, RollingRestartOptions } from "./fleet.js";
export type { CanaryOptions, CanaryOutcome, SimulatedCanary } from "./canary/canary.js";
export type { Sickness } from "./canary/sickness.js";
export type { SimRegistry } from "./registry/sim-registry.js";
export type { Caller, Workload } from "./caller.js";
export type { ServerOptions } from "./environment.js";
export type { ProcessInfo, Seams } from "./seams.js";
export {
  checkSchedules,
  replayCode,
  ScheduleError,
  type Checked,
  type CheckOptions,
} from "./schedule/check-schedules.js";
export { replay, type ReplayOptions } from "./schedule/replay.js";
export type { CanaryDeed, Deed, Step } from "./schedule/step.js";
export { createFaults, type Fault, type FaultOptions, type FaultRule, type Faults } from "../faults/index.js";

export { createFaults, type FaultOptions, type Faults } from "./faults.js";
export type { Fault, FaultRule } from "./rule.js";

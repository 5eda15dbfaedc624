export { generate, type GenerateOptions, type GenerateResult } from "./generate/generate.js";
export { GenerateError, type Position, type Problem } from "./generate/problem.js";
export { run } from "./program.js";
export type { CliEnv } from "./cli-env.js";
export { processTerminal, type Screen, type Terminal } from "./terminal.js";

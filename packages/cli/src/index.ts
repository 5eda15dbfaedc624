export { generate, type GenerateOptions, type GenerateResult } from "./generate/generate.js";
export { GenerateError, type Position, type Problem } from "./generate/problem.js";

export {
  abortRollout,
  isActive,
  nextStep,
  pauseRollout,
  percentOf,
  promoteRollout,
  restorePolicy,
  resumeRollout,
  startRollout,
  type Author,
  type RolloutInForce,
} from "./plan.js";
export { rolloutId, type RolloutOptions } from "./rollout-options.js";
export {
  defaultIntervalMs,
  defaultMaxErrorRate,
  defaultMinSamples,
  defaultSteps,
  mostSteps,
} from "./defaults.js";
export { analyse, type Analysis, type Awaited, type Verdict, type VersionAnalysis } from "./analysis.js";
export { RolloutController, type ControllerEnv } from "./controller.js";
export { restoreLostPolicy } from "./restorer.js";
export { Reporter, type ReporterEnv } from "./reporter.js";
export { RolloutReports, type RolloutReportsEnv } from "./rollout-reports.js";

import type { Clock } from "@rollcall/core";
import type { DevelopmentRegistry } from "@rollcall/testing";
import type { CallerProcess, Fleet, ReceiptRecorder } from "@rollcall/testing/fleet";
import type { Timeline } from "./timeline.js";

/** What the steps of a drill have to do with. */
export interface Stage {
  readonly fleet: Fleet;
  readonly caller: Pick<CallerProcess, "step" | "progress">;
  readonly recorder: ReceiptRecorder;
  readonly registry: Pick<DevelopmentRegistry, "outage">;
  readonly timeline: Timeline;
  readonly clock: Clock;
  /** Ends the drill, whatever it is doing. */
  readonly signal: AbortSignal;
  /** How long each step takes at least. */
  readonly shareMs: number;
  /** Whether some of its calls may run twice: these are made also while a process is killed or hangs. */
  readonly repeatable: boolean;
  /** Something is wrong though no call was dropped by it: an exit code, say. */
  problem(text: string): void;
}

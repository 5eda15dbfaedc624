import type { CallerProcess } from "./caller-process.js";
import type { Fleet, Member } from "./fleet.js";
import type { LiveRow } from "./live-table.js";
import type { Tally } from "./tally.js";

export interface LiveRowsOptions {
  readonly fleet: Pick<Fleet, "members">;
  readonly caller: Pick<CallerProcess, "progress">;
  /** What a row says beside what the fleet and the caller know. */
  more?(member: Member, instance: string): Pick<LiveRow, "version" | "inFlight">;
}

/** The rows of a live table; rates are since the rows before. */
export function liveRows({ fleet, caller, more }: LiveRowsOptions): () => LiveRow[] {
  let before: Readonly<Record<string, Tally>> = {};
  let beforeMs = performance.now();
  return () => {
    const { byInstance } = caller.progress;
    const seconds = Math.max(0.001, (performance.now() - beforeMs) / 1000);
    const rows = fleet.members.map((member): LiveRow => {
      const { state, serving } = member.current;
      const instance = serving?.instance ?? "-";
      const now = byInstance[instance];
      return {
        instance: member.name === instance ? instance : `${member.name} ${instance}`,
        state,
        callsPerSecond: Math.max(0, ((now?.calls ?? 0) - (before[instance]?.calls ?? 0)) / seconds),
        errors: now?.dropped ?? 0,
        ...more?.(member, instance),
      };
    });
    before = byInstance;
    beforeMs = performance.now();
    return rows;
  };
}

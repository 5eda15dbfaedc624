import type { CallerProcess, Fleet, LiveRow, ServedLedger, Tally } from "@rollcall/testing/fleet";

/** The table's rows, with rates since the rows before. */
export function liveRows(fleet: Fleet, caller: CallerProcess, ledger: ServedLedger): () => LiveRow[] {
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
        instance: `${member.name} ${instance}`,
        version: versionOf(member.runs - 1),
        state,
        callsPerSecond: Math.max(0, ((now?.calls ?? 0) - (before[instance]?.calls ?? 0)) / seconds),
        inFlight: ledger.inFlight(instance),
        errors: now?.dropped ?? 0,
      };
    });
    before = byInstance;
    beforeMs = performance.now();
    return rows;
  };
}

/** Each restart brings the next version, as a deploy would. */
export function versionOf(run: number): string {
  return `1.${run}.0`;
}

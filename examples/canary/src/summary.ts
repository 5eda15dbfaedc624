import type { ShareTally } from "./share-tally.js";

export type Scenario = "healthy" | "sick";

/** The line that `--json` prints. Shares are in percent, to a hundredth. */
export function jsonLine(scenario: Scenario, tally: ShareTally): string {
  return JSON.stringify({
    scenario,
    shares: tally.steps.map(([percent, calls, taken]) => [percent, share(calls, taken)]),
    outcome: tally.outcome,
    rollbackMs: rollbackMs(tally),
    failedOutsideCanary: tally.failedElsewhere,
  });
}

/** From the first bad call of the canary until its caller gave it no more; 0 when it was not rolled back. */
export function rollbackMs({ outcome, endedAt, firstBadAt }: ShareTally): number {
  return outcome === "aborted" && endedAt !== undefined && firstBadAt !== undefined
    ? endedAt - firstBadAt
    : 0;
}

/** The same for people. */
export function table(tally: ShareTally): string {
  const rows = tally.steps.map(([percent, calls, taken]) => {
    const cells = [`${percent} %`, `${share(calls, taken).toFixed(2)} %`, `${taken} of ${calls}`];
    return cells.map((cell) => cell.padStart(14)).join("");
  });
  const head = ["asked for", "measured", "calls"].map((cell) => cell.padStart(14)).join("");
  const { failedOnCanary, failedElsewhere } = tally;
  return [head, ...rows, "", `failed: ${failedOnCanary} on the canary, ${failedElsewhere} elsewhere`].join(
    "\n",
  );
}

/** What went otherwise than it must; empty when all is well. */
export function faults(scenario: Scenario, tally: ShareTally): string[] {
  const expected = scenario === "healthy" ? "promoted" : "aborted";
  const found: string[] = [];
  if (tally.outcome !== expected)
    found.push(`the rollout was ${tally.outcome ?? "not finished"}, not ${expected}`);
  if (tally.failedElsewhere > 0) found.push(`${tally.failedElsewhere} calls failed outside the canary`);
  if (scenario === "healthy" && tally.failedOnCanary > 0)
    found.push(`${tally.failedOnCanary} calls failed on a healthy canary`);
  if (rollbackMs(tally) > 15_000) found.push(`the rollback took ${rollbackMs(tally)} ms`);
  for (const [percent, calls, taken] of tally.steps) {
    if (percent === 0 && taken > 0) found.push(`${taken} of ${calls} calls reached the canary at 0 %`);
  }
  return found;
}

function share(calls: number, taken: number): number {
  return calls === 0 ? 0 : Math.round((taken / calls) * 10_000) / 100;
}

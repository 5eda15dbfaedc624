import { describe, expect, it } from "vitest";
import { lacks } from "./harness/needs.js";
import { runRow } from "./harness/run-row.js";
import { needsForRow } from "./needs-for-row.js";
import { resultTable } from "./report/summary.js";
import { rows } from "./rows/index.js";

/** The rest takes minutes: `npx -y pnpm@12 faults`. */
describe("the fault matrix, its fast rows", () => {
  for (const row of rows.filter(({ pace }) => pace === "fast")) {
    const lack = lacks(row.needs ?? []);
    if (lack !== undefined) {
      it.skip(`${row.name}: ${lack} ${needsForRow}`);
      continue;
    }
    it(`${row.name}: ${row.fault}`, { timeout: row.limitMs + 40_000 }, async ({ signal }) => {
      const result = await runRow(row, { signal });
      expect(result.state, [...resultTable([result]), ...result.notes].join("\n")).toBe("held");
    });
  }
});

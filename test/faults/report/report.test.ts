import { describe, expect, it } from "vitest";
import { defineRow, figureText, holds, boundText } from "../harness/row.js";
import type { RowResult } from "../harness/run-row.js";
import { rows } from "../rows/index.js";
import { pageWith } from "./page.js";
import { resultTable, summarize } from "./summary.js";

const row = defineRow({
  name: "a-row",
  fault: "a | fault",
  inject: "by hand",
  pace: "fast",
  limitMs: 1_000,
  bounds: {
    ms: { what: "time", unit: "ms", atMost: 10 },
    failed: { what: "failed", unit: "", atMost: 0 },
  },
  run: async () => ({ ms: 1, failed: 0 }),
});
const result = (state: RowResult["state"], measured: RowResult["measured"], why?: string): RowResult => ({
  row,
  state,
  measured,
  why,
  notes: [],
  tookMs: 1,
  load: [0, 0],
});
const at = new Date("2026-11-21T10:00:00Z");

describe("the report", () => {
  it("writes bounds and figures so that no failure is rounded away", () => {
    const bound = { what: "", unit: "ms", atMost: 10 };
    expect(boundText(bound)).toBe("<= 10 ms");
    expect(boundText({ what: "", unit: "", atMost: 0 })).toBe("0");
    expect(boundText({ what: "", unit: "ms", atLeast: 1, atMost: 2 })).toBe("1 to 2 ms");
    expect(figureText(bound, 10.04)).toBe("10.04 ms");
    expect(figureText({ what: "", unit: "", atMost: 1 }, 0.0004)).toBe("0.0004");
    expect(holds(bound, 10.04)).toBe(false);
    expect(holds(bound, undefined)).toBe(false);
  });

  it("counts and names", () => {
    const results = [result("held", {}), result("failed", {}), result("skipped", {}, "not root")];
    expect(summarize(results)).toEqual({ rows: 3, held: 1, skipped: 1, failed: ["a-row"] });
  });

  it("shows each bound with its figure and its verdict", () => {
    const table = resultTable([result("failed", { ms: 5, failed: 2 }, "threw")]);
    expect(table.join("\n")).toMatch(
      /a-row +time +<= 10 ms +5 ms +held\n +failed +0 +2 +FAILED\n +threw +FAILED/,
    );
  });

  it("keeps what stands around the figures of the page", () => {
    const first = pageWith("# Title\n\nProse.\n", [result("held", { ms: 5, failed: 0 })], "etcd 3", at);
    expect(first).toContain("# Title\n\nProse.\n\n<!-- figures");
    expect(first).toContain("| `a-row` | a \\| fault | by hand | time: <= 10 ms<br>failed: 0 | 5 ms<br>0 |");
    const again = pageWith(`${first}\nAfter.\n`, [result("skipped", {}, "not root")], "etcd 3", at);
    expect(again).toContain("Prose.");
    expect(again).toContain("After.");
    expect(again).toContain("skipped: not root");
    expect(again).not.toContain("5 ms<br>0");
  });
});

describe("the rows", () => {
  it("have names of their own, in kebab-case", () => {
    const names = rows.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it("bound everything that they measure", () => {
    for (const { name, bounds } of rows) {
      expect(Object.keys(bounds).length, name).toBeGreaterThan(0);
      for (const { atMost, atLeast } of Object.values(bounds)) expect(atMost ?? atLeast, name).toBeDefined();
    }
  });
});

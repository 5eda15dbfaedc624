import type { Logger } from "pino";
import { expect, test } from "vitest";
import { createFaultLog } from "./fault-log.js";

test("logs at a falling rate, and the recovery once", () => {
  const lines: unknown[] = [];
  const at =
    (level: string) =>
    ({ failures }: { failures: number }, text: string): void => {
      lines.push([level, failures, text]);
    };
  const faults = createFaultLog({ warn: at("warn"), info: at("info") } as unknown as Logger, "watching");
  for (let n = 0; n < 9; n += 1) faults.failed(new Error("gone"));
  faults.recovered();
  faults.recovered();
  faults.failed(new Error("gone"));
  expect(lines).toEqual([
    ["warn", 1, "watching failed"],
    ["warn", 2, "watching failed"],
    ["warn", 4, "watching failed"],
    ["warn", 8, "watching failed"],
    ["info", 9, "watching works again"],
    ["warn", 1, "watching failed"],
  ]);
});

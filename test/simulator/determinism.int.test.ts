import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { ordersLog } from "./orders-log.js";
import { typeScript } from "../programs.js";

const run = promisify(execFile);

it("a simulation has the same events in another process", async () => {
  const printed = await run(
    process.execPath,
    [...typeScript, join(import.meta.dirname, "print-log.ts"), "42"],
    {
      env: { ...process.env, ROLLCALL_WEIGHT: "7", ROLLCALL_PORT: "not heeded" },
    },
  );
  expect(printed.stdout).toBe(await ordersLog(42));
});

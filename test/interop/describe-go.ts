import { describe, test } from "vitest";
import { buildGoPeer, type GoProgram } from "./go-toolchain.js";
import { needsGo } from "./needs-go.js";

/**
 * Runs a suite that needs a Go program, the one of test/interop/go unless told otherwise. Without Go it is skipped, and counted at the end of the run
 * (test/loud-skips.ts); with ROLLCALL_REQUIRE_GO=1 it fails instead.
 */
export async function describeGo(
  name: string,
  suite: (binary: string) => void,
  build: () => Promise<GoProgram> = buildGoPeer,
): Promise<void> {
  const go = await build();
  if ("binary" in go) return void describe(name, () => suite(go.binary));
  console.warn(`without Go: ${go.missing}`);
  test.runIf(process.env["ROLLCALL_REQUIRE_GO"] === "1")(`${name} ${needsGo}`, () => {
    throw new Error(`ROLLCALL_REQUIRE_GO=1 and no Go to build it with: ${go.missing}`);
  });
}

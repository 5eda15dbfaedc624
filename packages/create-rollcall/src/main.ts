#!/usr/bin/env node
import { nodeFault } from "./node-version.js";

const fault = nodeFault(process.versions.node);
if (fault !== undefined) {
  process.stderr.write(`error: ${fault}\n`);
  process.exit(1);
}
// Not before the check: an older Node fails on the way, in words that say nothing.
const { processTerminal, run } = await import("@rollcall/cli");
process.exitCode = await run(["new", ...process.argv.slice(2)], processTerminal());

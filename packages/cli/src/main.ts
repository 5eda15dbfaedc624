#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// It helps what is loaded after it.
enableCompileCache();
const { run } = await import("./program.js");
const { processTerminal } = await import("./terminal.js");

// A reader such as `head` may close the pipe early, and a terminal while a command ends what it started.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
process.exitCode = await run(process.argv.slice(2), processTerminal());
// Not left to end by itself: run from sources, Node 24.21 then sometimes spins for ever in taking down its handles.
process.stdout.write("", () => process.exit());

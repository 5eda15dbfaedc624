#!/usr/bin/env node
import { run } from "./program.js";
import { processTerminal } from "./terminal.js";

// A reader such as `head` may close the pipe early.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
process.exitCode = await run(process.argv.slice(2), processTerminal());
// Not left to end by itself: Node 24 then sometimes spins for ever in taking down handles of closed HTTP/2 connections.
process.stdout.write("", () => process.exit());

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";
import { handlesLeft, tcpPorts } from "./handles-left.js";

// Fails each file whose tests have left something open: a socket, a server, a process, a timer.

/** What was closed may take a while to be gone, and the runner has timers of its own now and then. */
const patienceMs = 10_000;

// The first who reads it opens it for good.
void process.stdin;
const before = process.getActiveResourcesInfo();

afterAll(async () => {
  const until = performance.now() + patienceMs;
  let left = handlesLeft(before);
  while (left.length > 0 && performance.now() < until) {
    await sleep(10, undefined, { ref: false });
    left = handlesLeft(before);
  }
  if (left.length > 0)
    throw new Error(
      `left open by the tests of this file: ${left.join(", ")}; ports of TCP: ${tcpPorts().join(", ") || "none"}`,
    );
  // Longer than the patience, or the runner would only say that a hook took too long.
}, 2 * patienceMs);

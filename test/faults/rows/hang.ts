import {
  dueBetween,
  failed,
  lastPickAfter,
  nowMs,
  p99BackMs,
  percentileMs,
  reasons,
} from "../harness/calls.js";
import { idOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { steadyState, untilSteady } from "../harness/steady-state.js";
import { stopProcess } from "../harness/stop-process.js";

/** "Back" is what a caller would call so: a tenth of a second, or three times what it was on a busy machine, up to a second. */
const backMs = 100;
const mostBackMs = 1_000;

export const hang = defineRow({
  name: "hang",
  fault: "An instance hangs: connected, and silent",
  inject: "SIGSTOP of one of 3, for 10 s",
  pace: "fast",
  limitMs: 90_000,
  bounds: {
    avoidedMs: { what: "last picked, after the stop", unit: "ms", atMost: 2_000 },
    p99Ms: { what: "p99 is back", unit: "ms", atMost: 3_000 },
    failures: { what: "calls failed over the 10 s", unit: "%", atMost: 1 },
  },
  async run(context) {
    const { services, caller } = await steadyState(context);
    const victim = services[0]!;
    const id = idOf(victim);
    const beforeMs = percentileMs(caller.calls.slice(-200), 99);
    await stopProcess(victim);
    const stoppedMs = nowMs();
    await context.sleep(10_000);
    const resumedMs = nowMs();
    victim.signal("SIGCONT");
    const usedMs = await untilSteady(context, caller, services.map(idOf)).catch(() => Number.NaN);
    await caller.end();

    const during = dueBetween(caller.calls, stoppedMs, stoppedMs + 10_000);
    const picked = caller.calls.map((call) => ({
      ...call,
      picks: call.picks.filter(({ atMs }) => atMs < resumedMs),
    }));
    const lost = failed(during);
    context.note(`${during.length} calls, ${lost.length} failed; p99 before ${beforeMs.toFixed(0)} ms`);
    context.note(`used again ${usedMs.toFixed(0)} ms after SIGCONT`);
    for (const reason of reasons(lost)) context.note(reason);
    return {
      avoidedMs: lastPickAfter(picked, id, stoppedMs),
      p99Ms: p99BackMs(during, stoppedMs, Math.min(mostBackMs, Math.max(backMs, 3 * beforeMs))),
      failures: (100 * lost.length) / during.length,
    };
  },
});

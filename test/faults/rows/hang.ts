import {
  dueBetween,
  failed,
  lastPickAfter,
  nowMs,
  p99BackMs,
  percentileMs,
  picksOf,
  reasons,
} from "../harness/calls.js";
import { idOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { steadyState, untilSteady } from "../harness/steady-state.js";
import { stopProcess } from "../harness/stop-process.js";

/**
 * "Back" is what a caller would call so: a tenth of a second. For calls that did not meet the instance, which a busy machine
 * delays too, also three times what it was before, up to a second.
 */
const backMs = 100;
const mostBackMs = 1_000;

export const hang = defineRow({
  name: "hang",
  fault: "An instance hangs: connected, and silent",
  inject: "SIGSTOP of one of 3, for 10 s",
  pace: "fast",
  limitMs: 90_000,
  bounds: {
    avoidedMs: { what: "last picked, after the first call that meets it", unit: "ms", atMost: 2_000 },
    p99Ms: { what: "p99 is back", unit: "ms", atMost: 3_000 },
    metMs: { what: "p99 is back, as far as calls that met it go", unit: "ms", atMost: 3_000 },
    failures: { what: "calls failed over the 10 s", unit: "%", atMost: 1 },
  },
  async run(context) {
    // It stays in the registry: only its silence tells.
    const { services, caller } = await steadyState(context, { ttlMs: 60_000 });
    const victim = services[0]!;
    const id = idOf(victim);
    const beforeMs = percentileMs(caller.calls.slice(-200), 99);
    await stopProcess(victim);
    const signalledMs = nowMs();
    // On a busy machine it may be the slowest, and left alone for a while. Nothing can be known of it before a call meets it.
    const meetings = (): number[] =>
      picksOf(caller.calls).flatMap(({ instance, atMs }) =>
        instance === id && atMs >= signalledMs ? [atMs] : [],
      );
    await context.until("a call meets it", 30_000, () => meetings().length > 0);
    await context.sleep(10_000);
    const resumedMs = nowMs();
    victim.signal("SIGCONT");
    const usedMs = await untilSteady(context, caller, services.map(idOf)).catch(() => Number.NaN);
    await caller.end();
    const stoppedMs = Math.min(...meetings());

    const during = dueBetween(caller.calls, stoppedMs, stoppedMs + 10_000);
    const picked = caller.calls.map((call) => ({
      ...call,
      picks: call.picks.filter(({ atMs }) => atMs < resumedMs),
    }));
    const lost = failed(during);
    const met = during.map((call) =>
      call.picks.some(({ instance }) => instance === id) ? call : { ...call, latencyMs: 0 },
    );
    context.note(`${during.length} calls, ${lost.length} failed; p99 before ${beforeMs.toFixed(0)} ms`);
    context.note(`used again ${usedMs.toFixed(0)} ms after SIGCONT`);
    for (const reason of reasons(lost)) context.note(reason);
    return {
      avoidedMs: lastPickAfter(picked, id, stoppedMs),
      p99Ms: p99BackMs(during, stoppedMs, Math.min(mostBackMs, Math.max(backMs, 3 * beforeMs))),
      metMs: p99BackMs(met, stoppedMs, backMs),
      failures: (100 * lost.length) / during.length,
    };
  },
});

import { dueBetween, failed, lastPickAfter, nowMs, p99BackMs, picksOf, reasons } from "../harness/calls.js";
import { idOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { steadyState, untilSteady } from "../harness/steady-state.js";
import { stopProcess } from "../harness/stop-process.js";

/** "Back" is what a caller would call so. */
const backMs = 100;

export const hang = defineRow({
  name: "hang",
  fault: "An instance hangs: connected, and silent",
  inject: "SIGSTOP of one of 3, for 10 s",
  pace: "fast",
  limitMs: 90_000,
  bounds: {
    avoidedMs: { what: "last picked, after the first call that meets it", unit: "ms", atMost: 2_000 },
    p99Ms: { what: "p99 is back, as far as calls that met it go", unit: "ms", atMost: 3_000 },
    failures: { what: "calls failed over the 10 s", unit: "%", atMost: 1 },
  },
  async run(context) {
    // It stays in the registry: only its silence tells.
    const { services, caller } = await steadyState(context, { ttlMs: 60_000 });
    const victim = services[0]!;
    const id = idOf(victim);
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
    // How fast the others answer is for the machine to say.
    const held = during.map((call) =>
      call.picks.some(({ instance }) => instance === id) ? call : { ...call, latencyMs: 0 },
    );
    context.note(`${during.length} calls, ${lost.length} failed`);
    context.note(`used again ${usedMs.toFixed(0)} ms after SIGCONT`);
    for (const reason of reasons(lost)) context.note(reason);
    return {
      avoidedMs: lastPickAfter(picked, id, stoppedMs),
      p99Ms: p99BackMs(held, stoppedMs, backMs),
      failures: (100 * lost.length) / during.length,
    };
  },
});

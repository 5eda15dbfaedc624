import { failed, lastPickAfter, nowMs, reasons } from "../harness/calls.js";
import { idOf, logOf, portOf, startService } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { steadyState, untilSteady } from "../harness/steady-state.js";

const times = 5;

export const sigtermLastPick = defineRow({
  name: "sigterm-last-pick",
  fault: "An instance is told to stop",
  inject: "SIGTERM, five times, amid 200 calls/s",
  pace: "fast",
  limitMs: 120_000,
  bounds: {
    lastPickMs: { what: "last picked, after the signal, the latest of five", unit: "ms", atMost: 20 },
    failed: { what: "calls failed", unit: "", atMost: 0 },
  },
  async run(context) {
    const { url, services, caller } = await steadyState(context);
    const picks: number[] = [];
    for (let n = 0; n < times; n++) {
      const service = services[n % services.length]!;
      const id = idOf(service);
      const toldMs = nowMs();
      service.signal("SIGTERM");
      await service.exit;
      await context.sleep(300);
      picks.push(lastPickAfter(caller.calls, id, toldMs));
      const steps = logOf(service).filter(({ time }) => time >= toldMs);
      context.note(steps.map(({ msg, time }) => `${msg} ${(time - toldMs).toFixed(0)} ms`).join(", "));
      services[n % services.length] = await startService(context, url, {
        env: { ROLLCALL_PORT: String(portOf(id)) },
      });
      await untilSteady(context, caller, services.map(idOf));
    }
    await caller.end();
    context.note(`last picks ${picks.map((ms) => ms.toFixed(1)).join(", ")} ms after the signals`);
    for (const reason of reasons(caller.calls)) context.note(reason);
    return { lastPickMs: Math.max(...picks), failed: failed(caller.calls).length };
  },
});

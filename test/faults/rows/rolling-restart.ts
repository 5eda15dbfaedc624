import { failed, reasons } from "../harness/calls.js";
import { idOf, portOf, startService } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { steadyState } from "../harness/steady-state.js";

const rounds = 5;

export const rollingRestart = defineRow({
  name: "rolling-restart",
  fault: "A deploy under load",
  inject: "5 rounds in which each of 3 is restarted by SIGTERM, at 500 calls/s and with 8 open streams",
  pace: "normal",
  limitMs: 240_000,
  bounds: {
    failed: { what: "calls failed", unit: "", atMost: 0 },
    streams: { what: "streams broken", unit: "", atMost: 0 },
    restarts: { what: "restarts", unit: "", atLeast: 15, atMost: 15 },
    exits: { what: "that ended with another code than 0", unit: "", atMost: 0 },
  },
  async run(context) {
    const { url, services, caller } = await steadyState(context, {
      caller: { ratePerSecond: 500, streams: 8 },
    });
    let restarts = 0;
    let exits = 0;
    for (let round = 1; round <= rounds; round++) {
      for (const [n, service] of services.entries()) {
        const { code } = await service.stop();
        if (code !== 0) exits++;
        services[n] = await startService(context, url, {
          env: { ROLLCALL_PORT: String(portOf(idOf(service))) },
          name: `service-${n}`,
        });
        restarts++;
        await context.sleep(200);
      }
      context.note(`round ${round}: ${caller.calls.length} calls, ${failed(caller.calls).length} failed`);
    }
    const { streams, streamErrors, maxLateMs } = await caller.end();
    const { opened, reopened, dropped, messages } = streams;
    context.note(`streams: ${opened} opened, ${reopened} reopened, ${dropped} broken, ${messages} messages`);
    context.note(`the caller itself was late by ${maxLateMs.toFixed(0)} ms at most`);
    for (const reason of [...reasons(caller.calls), ...streamErrors.slice(0, 3)]) context.note(reason);
    return { failed: failed(caller.calls).length, streams: dropped, restarts, exits };
  },
});

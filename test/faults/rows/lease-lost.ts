import { nowMs } from "../harness/calls.js";
import { idOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { registered, steadyState, untilSteady } from "../harness/steady-state.js";
import { stopProcess } from "../harness/stop-process.js";

export const leaseLost = defineRow({
  name: "lease-lost",
  fault: "A healthy process loses its lease",
  inject: "SIGSTOP of one of 3 for 12 s, TTL 5 s",
  pace: "normal",
  needs: ["etcd"],
  limitMs: 90_000,
  bounds: {
    goneMs: { what: "gone from the registry", unit: "ms", atMost: 7_000 },
    backMs: { what: "registered again, after SIGCONT", unit: "ms", atMost: 2_000 },
  },
  async run(context) {
    const { etcd, services, caller } = await steadyState(context);
    const id = idOf(services[0]!);
    await stopProcess(services[0]!);
    const stoppedMs = nowMs();
    await context.until("its record is gone", 10_000, async () => !(await registered(etcd)).includes(id));
    const goneMs = nowMs() - stoppedMs;
    await context.sleep(12_000 - goneMs);
    services[0]!.signal("SIGCONT");
    const back = async (): Promise<boolean> => (await registered(etcd)).includes(id);
    const backMs = await context.until("it is registered again", 15_000, back, 5);
    const usedMs = await untilSteady(context, caller, services.map(idOf));
    context.note(`callers use it again after ${usedMs.toFixed(0)} ms`);
    return { goneMs, backMs };
  },
});

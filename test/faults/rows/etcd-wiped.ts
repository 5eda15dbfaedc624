import { failed, nowMs, dueBetween, reasons } from "../harness/calls.js";
import { startWitness } from "../harness/witness.js";
import { idOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { steadyState } from "../harness/steady-state.js";

export const etcdWiped = defineRow({
  name: "etcd-wiped",
  fault: "etcd loses all its data",
  inject: "`kill -9`, data deleted, started again at revision 1",
  pace: "normal",
  needs: ["etcd"],
  limitMs: 90_000,
  bounds: {
    rightMs: { what: "all registered again and every watcher in step", unit: "ms", atMost: 10_000 },
    failed: { what: "calls failed", unit: "", atMost: 0 },
  },
  async run(context) {
    const { etcd, url, services, caller } = await steadyState(context);
    const witness = await startWitness(context, etcd, [url, url, url]);
    await witness.untilInStep(services.map(idOf), 10_000);
    const fromMs = nowMs();
    await etcd.wipe();
    const backMs = nowMs();
    await witness.untilInStep(services.map(idOf), 30_000);
    const rightMs = nowMs() - backMs;
    await context.sleep(1_000);
    await caller.end();
    const during = dueBetween(caller.calls, fromMs);
    for (const reason of reasons(during)) context.note(reason);
    return { rightMs, failed: failed(during).length };
  },
});

import { failed, lastPickAfter, nowMs, reasons } from "../harness/calls.js";
import { idOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { registered, steadyState } from "../harness/steady-state.js";

export const serverKill = defineRow({
  name: "server-kill",
  fault: "An instance is killed",
  inject: "`kill -9` of one of 3",
  pace: "fast",
  limitMs: 90_000,
  bounds: {
    idempotent: { what: "idempotent calls failed", unit: "", atMost: 0 },
    others: { what: "other calls failed that were not in flight there", unit: "", atMost: 0 },
    lastPickMs: { what: "last picked, after the kill", unit: "ms", atMost: 100 },
    recordMs: { what: "gone from the registry", unit: "ms", atMost: 7_000 },
  },
  async run(context) {
    const { etcd, services, caller } = await steadyState(context);
    const victim = services[0]!;
    const id = idOf(victim);
    await context.sleep(1_000);
    const killedMs = nowMs();
    await victim.kill();
    const goneMs = nowMs();
    await context.until("its record is gone", 15_000, async () => !(await registered(etcd)).includes(id));
    const recordMs = nowMs() - killedMs;
    await context.sleep(1_000);
    await caller.end();

    const lost = failed(caller.calls);
    const inFlight = lost.filter(
      ({ method, picks }) =>
        method === "put" && picks.some((pick) => pick.instance === id && pick.atMs <= goneMs),
    );
    context.note(`${caller.calls.length} calls; ${inFlight.length} puts in flight there were lost`);
    for (const reason of reasons(lost)) context.note(reason);
    return {
      idempotent: lost.filter(({ method }) => method === "get").length,
      others: lost.filter(({ method }) => method === "put").length - inFlight.length,
      lastPickMs: lastPickAfter(caller.calls, id, killedMs),
      recordMs,
    };
  },
});

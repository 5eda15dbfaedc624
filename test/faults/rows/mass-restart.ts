import { nowMs, dueBetween, failed, picksOf } from "../harness/calls.js";
import { startCaller } from "../harness/caller.js";
import { idOf, logOf, portOf, startService, startServices } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { startEtcd, ttlMs, untilSteady } from "../harness/steady-state.js";
import type { Connect } from "../processes/messages.js";

const processes = 4;
const clientsEach = 25;
const clients = processes * clientsEach;
/** A service logs that it registers just after it listens. */
const listenLeadMs = 50;

export const massRestart = defineRow({
  name: "mass-restart",
  fault: "All instances are restarted at once, with 100 clients",
  inject: "`kill -9` of all 3, started again on their ports",
  pace: "normal",
  limitMs: 150_000,
  bounds: {
    perSecond: {
      what: "connection attempts that a listening instance saw in one second, per client",
      unit: "",
      atMost: 1.2,
    },
    fullMs: { what: "full traffic, after the last one serves", unit: "ms", atMost: 10_000 },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    const url = `${etcd.url}?ttlMs=${ttlMs}`;
    const services = await startServices(context, url, 3);
    const instances = services.map(idOf);
    const callers = await Promise.all(
      Array.from({ length: processes }, (_, n) =>
        startCaller(context, url, {
          name: `caller-${n}`,
          clients: clientsEach,
          ratePerSecond: 200 / processes,
        }),
      ),
    );
    for (const caller of callers) await untilSteady(context, caller, instances, 60_000);
    const killedMs = nowMs();
    await Promise.all(services.map((service) => service.kill()));
    const again = await Promise.all(
      instances.map((id) => startService(context, url, { env: { ROLLCALL_PORT: String(portOf(id)) } })),
    );
    const servingMs = nowMs();
    await context.sleep(15_000);
    await Promise.all(callers.map((caller) => caller.end()));

    const connects = callers.flatMap((caller) => caller.connects).filter(({ atMs }) => atMs >= killedMs);
    const listening = again.map((service) => logOf(service).find(({ msg }) => msg === "registering")!.time);
    const busiest = instances.map((id, n) =>
      mostInOneSecond(
        connects.filter(({ atMs }) => atMs >= listening[n]! - listenLeadMs),
        portOf(id),
      ),
    );
    const refused = instances.map((id) => mostInOneSecond(connects, portOf(id)));
    const calls = callers.flatMap((caller) => caller.calls);
    const after = dueBetween(calls, servingMs);
    const lastFailedMs = Math.max(servingMs, ...failed(after).map(({ dueMs }) => dueMs));
    const used = again.map((service) => {
      const picks = picksOf(after).filter(({ instance }) => instance === idOf(service));
      return Math.min(Infinity, ...picks.map(({ atMs }) => atMs));
    });
    context.note(`served again ${(servingMs - killedMs).toFixed(0)} ms after the kill`);
    context.note(
      `most attempts in one second for ${clients} clients: ${busiest.join(", ")}; with those at a closed port ${refused.join(", ")}`,
    );
    context.note(`${failed(calls).length} of ${calls.length} calls failed while nobody served`);
    return {
      perSecond: Math.max(...busiest) / clients,
      fullMs: Math.max(lastFailedMs, ...used) - servingMs,
    };
  },
});

/** In any second, wherever it begins. */
function mostInOneSecond(connects: readonly Connect[], port: number): number {
  const times = connects.flatMap((each) => (each.port === port ? [each.atMs] : [])).toSorted((a, b) => a - b);
  let most = 0;
  for (let from = 0, to = 0; to < times.length; to++) {
    while (times[to]! - times[from]! > 1_000) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

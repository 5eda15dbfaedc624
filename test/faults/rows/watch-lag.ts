import { EtcdServer } from "@rollcall/testing";
import { failed, nowMs, dueBetween, reasons } from "../harness/calls.js";
import { startCaller } from "../harness/caller.js";
import { idOf, portOf, startService, startServices } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { ttlMs, untilSteady } from "../harness/steady-state.js";

const lagMs = 10_000;

export const watchLag = defineRow({
  name: "watch-lag",
  fault: "Callers learn of changes 10 s late",
  inject:
    "the embedded etcd holds watch events back; one of 3 is replaced on another port, one restarted on its own",
  pace: "normal",
  limitMs: 120_000,
  bounds: {
    failed: { what: "calls failed", unit: "", atMost: 0 },
  },
  async run(context) {
    const etcd = context.use(await EtcdServer.start());
    const url = `${etcd.url}?ttlMs=${ttlMs}`;
    const services = await startServices(context, url, 3);
    const caller = await startCaller(context, url);
    await untilSteady(context, caller, services.map(idOf));
    etcd.lag(lagMs);
    const fromMs = nowMs();
    const restart = async (n: number, port: number): Promise<void> => {
      await services[n]!.stop();
      services[n] = await startService(context, url, { env: { ROLLCALL_PORT: String(port) } });
    };
    await restart(0, 0);
    await restart(1, portOf(idOf(services[1]!)));
    context.note(`both restarted within ${(nowMs() - fromMs).toFixed(0)} ms`);
    await context.sleep(2 * lagMs);
    etcd.lag(0);
    await untilSteady(context, caller, services.map(idOf));
    await caller.end();
    const during = dueBetween(caller.calls, fromMs);
    for (const reason of reasons(during)) context.note(reason);
    return { failed: failed(during).length };
  },
});

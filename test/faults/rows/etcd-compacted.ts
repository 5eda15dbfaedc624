import { dueBetween, failed, nowMs, reasons } from "../harness/calls.js";
import { startCaller } from "../harness/caller.js";
import { idOf, portOf, startService } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { startWitness } from "../harness/witness.js";
import { steadyState, ttlMs, untilSteady } from "../harness/steady-state.js";
import { TcpProxy } from "../../registry/tcp-proxy.js";

export const etcdCompacted = defineRow({
  name: "etcd-compacted",
  fault: "etcd forgets the history that a cut-off caller has missed",
  inject: "a caller's way to etcd is cut, an instance replaced, etcd compacted, the way opened",
  pace: "normal",
  needs: ["etcd"],
  limitMs: 90_000,
  bounds: {
    rightMs: { what: "every watcher in step", unit: "ms", atMost: 10_000 },
    failed: { what: "calls failed", unit: "", atMost: 0 },
  },
  async run(context) {
    const { etcd, url, services } = await steadyState(context);
    const proxy = context.use(await TcpProxy.start(portOf(etcd.address)));
    const apart = `etcd://${proxy.address}?ttlMs=${ttlMs}`;
    const caller = await startCaller(context, apart, { name: "caller-apart" });
    const witness = await startWitness(context, etcd, [url, apart]);
    await untilSteady(context, caller, services.map(idOf));
    const fromMs = nowMs();
    await proxy.cut();
    await services[0]!.stop();
    services[0] = await startService(context, url, { name: "service-new" });
    await etcd.compact();
    await proxy.restore();
    const backMs = nowMs();
    await witness.untilInStep(services.map(idOf), 30_000);
    const rightMs = nowMs() - backMs;
    await untilSteady(context, caller, services.map(idOf));
    await caller.end();
    const during = dueBetween(caller.calls, fromMs);
    for (const reason of reasons(during)) context.note(reason);
    return { rightMs, failed: failed(during).length };
  },
});

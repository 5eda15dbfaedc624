import { dueBetween, failed, nowMs, reasons } from "../harness/calls.js";
import { startCaller } from "../harness/caller.js";
import { idOf, portOf, startServices } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { registered, startEtcd, ttlMs, untilSteady } from "../harness/steady-state.js";
import { TcpProxy } from "../../registry/tcp-proxy.js";

const watchedMs = 60_000;

export const allKeysDeleted = defineRow({
  name: "all-keys-deleted",
  fault: "All records are deleted at once",
  inject: "a delete of `services/` while the instances cannot reach etcd, so that none can register again",
  pace: "normal",
  limitMs: 150_000,
  bounds: {
    goesOnMs: { what: "traffic went on without a failed call", unit: "ms", atLeast: watchedMs },
    left: { what: "records in etcd meanwhile", unit: "", atMost: 0 },
    backMs: { what: "registered again once they can", unit: "ms", atMost: 10_000 },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    const proxy = context.use(await TcpProxy.start(portOf(etcd.address)));
    const services = await startServices(context, `etcd://${proxy.address}?ttlMs=${ttlMs}`, 3);
    const caller = await startCaller(context, `${etcd.url}?ttlMs=${ttlMs}`);
    await untilSteady(context, caller, services.map(idOf));

    await proxy.cut();
    const deleted = await etcd.delete("services/");
    const fromMs = nowMs();
    context.note(`${deleted} records deleted`);
    await context.sleep(watchedMs + 1_000);
    const left = await registered(etcd);
    const toMs = nowMs();
    await proxy.restore();
    const backMs = await context.until("all are registered again", 30_000, async () => {
      return (await registered(etcd)).length === 3;
    });
    await context.sleep(1_000);
    await caller.end();
    const lost = failed(dueBetween(caller.calls, fromMs));
    for (const reason of reasons(lost)) context.note(reason);
    return {
      goesOnMs: Math.min(toMs, ...lost.map(({ dueMs }) => dueMs)) - fromMs,
      left: left.length,
      backMs,
    };
  },
});

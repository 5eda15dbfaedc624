import { startEtcd as startRealEtcd } from "@rollcall/testing";
import { startCaller } from "../harness/caller.js";
import { dueBetween, failed, nowMs, percentileMs, reasons } from "../harness/calls.js";
import { degrade } from "../harness/degrade.js";
import { createNetwork } from "../harness/network.js";
import { idOf, startServices } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { ttlMs, untilSteady } from "../harness/steady-state.js";

const degradedMs = 30_000;

export const lossAndDelay = defineRow({
  name: "loss-and-delay",
  fault: "A bad network",
  inject:
    "5 % of packets lost and 50 ms of delay on the caller's way out, for 30 s: `tc netem`, or where the kernel has none nftables and a proxy",
  pace: "normal",
  needs: ["etcd", "namespaces"],
  limitMs: 120_000,
  bounds: {
    success: { what: "calls answered", unit: "%", atLeast: 99.9 },
  },
  async run(context) {
    const network = createNetwork(context, 1);
    const [host] = network.hosts as [(typeof network.hosts)[0]];
    const etcd = context.use(await startRealEtcd({ host: network.address }));
    const url = `${etcd.url}?ttlMs=${ttlMs}`;
    const services = await startServices(context, url, 3, { env: { ROLLCALL_HOST: network.address } });
    const instances = services.map(idOf);
    const degradation = await degrade(context, network, host, instances);
    const caller = await startCaller(context, url, { namespace: host.namespace });
    await untilSteady(context, caller, instances);

    degradation.begin();
    const fromMs = nowMs();
    await context.sleep(degradedMs);
    await caller.end();
    const during = dueBetween(caller.calls, fromMs, fromMs + degradedMs);
    const lost = failed(during);
    context.note(`by ${degradation.means}; ${degradation.lost()} packets lost`);
    context.note(
      `${during.length} calls, ${lost.length} failed; p50 ${percentileMs(during, 50).toFixed(0)} ms, p99 ${percentileMs(during, 99).toFixed(0)} ms`,
    );
    for (const reason of reasons(lost)) context.note(reason);
    return { success: (100 * (during.length - lost.length)) / during.length };
  },
});

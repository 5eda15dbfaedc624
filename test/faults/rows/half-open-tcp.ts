import { startEtcd as startRealEtcd } from "@rollcall/testing";
import { lastPickAfter, nowMs, picksOf, reasons, dueBetween, failed } from "../harness/calls.js";
import { startCaller } from "../harness/caller.js";
import { createNetwork } from "../harness/network.js";
import { idOf, portOf, startService, startServices } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { ttlMs, untilSteady } from "../harness/steady-state.js";

/** An idle caller must know by then; it is asked a little later by calls. */
const idleMs = 20_000;

export const halfOpenTcp = defineRow({
  name: "half-open-tcp",
  fault: "Packets to and from an instance are lost, its record stays",
  inject: "`iptables -j DROP` of its gRPC port in its network namespace",
  pace: "normal",
  needs: ["etcd", "namespaces"],
  limitMs: 150_000,
  bounds: {
    activeMs: { what: "last picked by a caller that calls", unit: "ms", atMost: 2_000 },
    idle: { what: "of 300 calls of a caller that was idle for 20 s, given to it", unit: "", atMost: 0 },
  },
  async run(context) {
    const network = createNetwork(context, 1);
    const [host] = network.hosts as [(typeof network.hosts)[0]];
    const etcd = context.use(await startRealEtcd({ host: network.address }));
    const url = `${etcd.url}?ttlMs=${ttlMs}`;
    const near = await startServices(context, url, 2, { env: { ROLLCALL_HOST: network.address } });
    const far = await startService(context, url, {
      name: "service-far",
      namespace: host.namespace,
      env: { ROLLCALL_HOST: host.address },
    });
    const id = idOf(far);
    const active = await startCaller(context, url);
    const idle = await startCaller(context, url, { idle: true, name: "idle-caller" });
    await untilSteady(context, active, [...near, far].map(idOf));
    await context.until("the idle caller is connected to all", 15_000, async () => {
      const picks = picksOf(await idle.burst(30));
      return new Set(picks.map(({ instance }) => instance)).size === 3;
    });

    const port = String(portOf(id));
    host.run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", port, "-j", "DROP");
    host.run("iptables", "-A", "OUTPUT", "-p", "tcp", "--sport", port, "-j", "DROP");
    const droppedMs = nowMs();
    await context.sleep(idleMs);
    // In tens: one caller makes them as they come, not in a moment that no balancer could learn in.
    const asked = [];
    for (let n = 0; n < 30; n++) asked.push(...(await idle.burst(10)));
    await active.end();

    const during = dueBetween(active.calls, droppedMs);
    const lost = failed(during);
    context.note(
      `active: ${during.length} calls, ${lost.length} failed; idle: ${failed(asked).length} of 300 failed`,
    );
    for (const reason of reasons([...lost, ...failed(asked)])) context.note(reason);
    return {
      activeMs: lastPickAfter(active.calls, id, droppedMs),
      idle: picksOf(asked).filter(({ instance }) => instance === id).length,
    };
  },
});

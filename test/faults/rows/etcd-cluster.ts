import { startCaller } from "../harness/caller.js";
import { dueBetween, failed, nowMs, picksOf, reasons } from "../harness/calls.js";
import type { RowContext } from "../harness/context.js";
import { startEtcdCluster, type EtcdMember } from "../harness/etcd-cluster.js";
import { createNetwork } from "../harness/network.js";
import { idOf, startService, startServices } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { ttlMs, untilSteady } from "../harness/steady-state.js";

const bounds = {
  convergedMs: {
    what: "a change made right after is known to every caller",
    unit: "ms",
    atMost: ttlMs + 5_000,
  },
  failed: { what: "calls failed", unit: "", atMost: 0 },
} as const;

/**
 * Strikes the leader of three; in the same moment one instance is stopped and another started. Four callers have to get
 * to know both, each from whichever member it had.
 */
async function strike(
  context: RowContext,
  fault: (leader: EtcdMember) => unknown,
): Promise<Record<keyof typeof bounds, number>> {
  const network = createNetwork(context, 3);
  const etcd = await startEtcdCluster(context, network);
  const url = `${etcd.url}?ttlMs=${ttlMs}`;
  const env = { ROLLCALL_HOST: network.address };
  const services = await startServices(context, url, 3, { env });
  const callers = await Promise.all(
    Array.from({ length: 4 }, (_, n) =>
      startCaller(context, url, { ratePerSecond: 50, name: `caller-${n}` }),
    ),
  );
  for (const caller of callers) await untilSteady(context, caller, services.map(idOf), 60_000);

  const leader = await etcd.leader();
  if (!leader) throw new Error("etcd has no leader");
  const fromMs = nowMs();
  await fault(leader);
  const left = services.shift()!;
  const [newcomer] = await Promise.all([
    startService(context, url, { env, name: "service-new" }).then((service) => ({ service, atMs: nowMs() })),
    left.stop(),
  ]);
  services.push(newcomer.service);
  const known = callers.map((caller) =>
    context.until(`${caller.process.name} uses the newcomer`, 40_000, () =>
      picksOf(caller.calls.slice(-100)).some(({ instance }) => instance === idOf(newcomer.service)),
    ),
  );
  await Promise.all(known);
  const first = callers.map((caller) => {
    const picks = picksOf(caller.calls).filter(({ instance }) => instance === idOf(newcomer.service));
    return Math.min(...picks.map(({ atMs }) => atMs)) - fromMs;
  });
  const toMs = nowMs();
  await context.sleep(2_000);
  await Promise.all(callers.map((caller) => caller.end()));
  const calls = callers.flatMap((caller) => dueBetween(caller.calls, fromMs));
  const late = picksOf(calls).filter(({ instance, atMs }) => instance === idOf(left) && atMs > toMs);
  context.note(
    `the newcomer was registered ${(newcomer.atMs - fromMs).toFixed(0)} ms after the fault, used after ${first.map((ms) => ms.toFixed(0)).join(", ")} ms`,
  );
  context.note(
    `${calls.length} calls, ${failed(calls).length} failed; ${late.length} picks of the one that left`,
  );
  for (const reason of reasons(calls)) context.note(reason);
  return { convergedMs: Math.max(...first), failed: failed(calls).length };
}

export const etcdLeaderKill = defineRow({
  name: "etcd-leader-kill",
  fault: "etcd's leader dies",
  inject: "`kill -9` of the leader of 3, an instance replaced at the same time",
  pace: "normal",
  needs: ["etcd", "namespaces"],
  limitMs: 150_000,
  bounds,
  run: (context) => strike(context, (leader) => leader.process.kill()),
});

export const etcdMinority = defineRow({
  name: "etcd-minority",
  fault: "etcd's leader is cut off from the others, but not from clients",
  inject: "iptables between the leader of 3 and the other two, an instance replaced at the same time",
  pace: "normal",
  needs: ["etcd", "namespaces"],
  limitMs: 150_000,
  bounds,
  run: (context) => strike(context, (leader) => leader.cutFromPeers()),
});

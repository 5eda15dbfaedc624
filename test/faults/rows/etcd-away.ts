import { holdPort } from "../../../packages/testing/src/ports/held-port.js";
import { dueBetween, failed, nowMs, reasons } from "../harness/calls.js";
import type { RowContext } from "../harness/context.js";
import { exitCodeWithin, idOf, launchService } from "../harness/processes.js";
import { RawClient } from "../harness/raw-client.js";
import { defineRow } from "../harness/row.js";
import {
  registered,
  startEtcd,
  steadyState,
  untilSteady,
  type SteadyState,
} from "../harness/steady-state.js";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";

const awayMs = 10 * 60_000;

export const etcdAway = defineRow({
  name: "etcd-away",
  fault: "etcd is gone, or hangs",
  inject:
    "two fleets, each at 200 calls/s with an etcd of its own: one etcd stopped, one SIGSTOPped, for 10 min",
  pace: "long",
  needs: ["etcd"],
  limitMs: awayMs + 120_000,
  bounds: {
    down: { what: "calls failed while it was down", unit: "", atMost: 0 },
    stopped: { what: "calls failed while it hung", unit: "", atMost: 0 },
    backMs: {
      what: "all registered again once it is back, the later of the two",
      unit: "ms",
      atMost: 15_000,
    },
  },
  async run(context) {
    const states = [await steadyState(context), await steadyState(context)] as const;
    const [down, hung] = states;
    const fromMs = nowMs();
    await down.etcd.stop();
    await hung.etcd.pause();
    for (let minute = 1; minute <= awayMs / 60_000; minute++) {
      await context.sleep(fromMs + minute * 60_000 - nowMs());
      const counts = states.map(({ caller }) => `${failed(caller.calls).length} of ${caller.calls.length}`);
      context.note(`minute ${minute}: failed ${counts.join(" and ")}`);
    }
    const toMs = nowMs();
    await down.etcd.start();
    hung.etcd.resume();
    const backMs = await Promise.all(states.map((state) => back(context, state)));
    const lost = states.map(({ caller }) => failed(dueBetween(caller.calls, fromMs, toMs)));
    for (const reason of reasons(lost.flat())) context.note(reason);
    return { down: lost[0]!.length, stopped: lost[1]!.length, backMs: Math.max(...backMs) };
  },
});

/** Until the registry is right for good: right after a SIGCONT it may still let leases run out. */
async function back(context: RowContext, { etcd, services, caller }: SteadyState): Promise<number> {
  const from = nowMs();
  const wanted = services.map(idOf).toSorted().join();
  let rightMs = Number.NaN;
  while (nowMs() - from < 20_000) {
    const right = (await registered(etcd).catch((): string[] => [])).toSorted().join() === wanted;
    if (!right) rightMs = Number.NaN;
    else if (Number.isNaN(rightMs)) rightMs = nowMs() - from;
    await context.sleep(100);
  }
  await untilSteady(context, caller, services.map(idOf));
  await caller.end();
  return rightMs;
}

export const startWithoutEtcd = defineRow({
  name: "start-without-etcd",
  fault: "A service starts while etcd is away",
  inject: "etcd stopped; one start with `ROLLCALL_STARTUP=wait`, one with `fail-fast` and 1 s",
  pace: "normal",
  limitMs: 90_000,
  bounds: {
    failMs: { what: "fail-fast ended, after its 1 s", unit: "ms", atMost: 3_000 },
    failCode: { what: "its exit code", unit: "", atLeast: 1, atMost: 1 },
    served: { what: "the waiting one's answer to a direct call (0 is ok)", unit: "", atMost: 0 },
    registeredMs: { what: "it registered, after etcd came", unit: "ms", atMost: 5_000 },
  },
  async run(context) {
    const etcd = await startEtcd(context);
    await etcd.stop();
    const hasty = await launchService(context, etcd.url, {
      name: "fail-fast",
      env: { ROLLCALL_STARTUP: "fail-fast", ROLLCALL_STARTUP_TIMEOUT_MS: "1000" },
    });
    const from = performance.now();
    const failCode = await exitCodeWithin(hasty, 20_000);
    const failMs = Math.max(0, performance.now() - from - 1_000);
    const { port } = context.use(await holdPort());
    const patient = await launchService(context, etcd.url, {
      name: "wait",
      env: { ROLLCALL_STARTUP: "wait", ROLLCALL_PORT: String(port) },
    });
    let raw: RawClient | undefined;
    await context.until("it listens", 20_000, async () => {
      raw = await RawClient.connect(`127.0.0.1:${port}`, 500).catch(() => undefined);
      return raw !== undefined;
    });
    const { status: served } = await context.use(raw!).call(Orders.methods.get, { id: "1" }).ended;
    await context.sleep(3_000);
    await etcd.start();
    const startedMs = performance.now();
    await patient.untilServing(20_000);
    return { failMs, failCode, served, registeredMs: performance.now() - startedMs };
  },
});

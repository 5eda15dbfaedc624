import { Code } from "@rollcall/app";
import { lastPickAfter, nowMs, dueBetween, failed, reasons } from "../harness/calls.js";
import { idOf, launchService, portOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { steadyState } from "../harness/steady-state.js";

export const portReused = defineRow({
  name: "port-reused",
  fault: "Another service comes up where an instance was, and its record is still there",
  inject:
    "`kill -9` of 2 of 3; the same service of another environment binds one port, another service the other",
  pace: "fast",
  limitMs: 90_000,
  bounds: {
    wrong: { what: "calls answered by one of the two", unit: "", atMost: 0 },
    ejectedMs: { what: "last picked, after it listened", unit: "ms", atMost: 1_000 },
  },
  async run(context) {
    // Records outlive the instances for as long as the others take to come up on any machine.
    const { etcd, services, caller } = await steadyState(context, { ttlMs: 15_000 });
    const [first, second] = services.map(idOf) as [string, string];
    const killedMs = nowMs();
    await Promise.all([services[0]!.kill(), services[1]!.kill()]);
    const elsewhere = `${etcd.url}/another-environment`;
    const portEnv = (id: string): { env: { ROLLCALL_PORT: string } } => ({
      env: { ROLLCALL_PORT: String(portOf(id)) },
    });
    const impostors = await Promise.all([
      launchService(context, elsewhere, { ...portEnv(first), name: "other-environment" }),
      launchService(context, elsewhere, { ...portEnv(second), name: "other-service", script: "billing.ts" }),
    ]);
    const listening = await Promise.all(
      impostors.map(async (each) => {
        await each.untilServing(20_000);
        return nowMs();
      }),
    );
    context.note(
      `they listened ${listening.map((at) => (at - killedMs).toFixed(0)).join(" and ")} ms after the kill`,
    );
    await context.sleep(5_000);
    await caller.end();
    const during = dueBetween(caller.calls, killedMs);
    const pids = new Set(impostors.map(({ pid }) => String(pid)));
    const wrong = during.filter(({ by = "", code }) => pids.has(by) || code === Code.Unimplemented);
    context.note(`${during.length} calls, ${failed(during).length} failed`);
    for (const reason of reasons(during)) context.note(reason);
    return {
      wrong: wrong.length,
      ejectedMs: Math.max(
        lastPickAfter(caller.calls, first, listening[0]!),
        lastPickAfter(caller.calls, second, listening[1]!),
      ),
    };
  },
});

import { nowMs, dueBetween, failed } from "../harness/calls.js";
import { behave, countsOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { steadyState } from "../harness/steady-state.js";

export const allUnavailable = defineRow({
  name: "all-unavailable",
  fault: "All instances answer UNAVAILABLE",
  inject: "the handlers, for 10 s, the breaker off",
  pace: "normal",
  limitMs: 90_000,
  bounds: {
    ratio: { what: "attempts that servers saw per call", unit: "", atMost: 1.1 },
  },
  async run(context) {
    const { services, caller } = await steadyState(context, {
      caller: { putEvery: 0, env: { ROLLCALL_BREAKER: "off" } },
    });
    const begun = async (): Promise<number> => {
      const counts = await Promise.all(services.map(countsOf));
      return counts.reduce((sum, { begun }) => sum + begun.get, 0);
    };
    await Promise.all(services.map((service) => behave(service, { unavailable: true })));
    const before = await begun();
    const fromMs = nowMs();
    await context.sleep(10_000);
    await caller.end();
    const attempts = (await begun()) - before;
    const calls = dueBetween(caller.calls, fromMs);
    context.note(`${calls.length} calls, ${failed(calls).length} failed, ${attempts} attempts`);
    return { ratio: attempts / calls.length };
  },
});

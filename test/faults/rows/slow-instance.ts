import { failed, nowMs, sharePercent } from "../harness/calls.js";
import { behave, idOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { steadyState } from "../harness/steady-state.js";

export const slowInstance = defineRow({
  name: "slow-instance",
  fault: "An instance gets slow",
  inject: "+500 ms in the handlers of one of 3",
  pace: "normal",
  limitMs: 90_000,
  bounds: {
    share: { what: "its share of the calls, 10 s later", unit: "%", atMost: 10 },
  },
  async run(context) {
    const { services, caller } = await steadyState(context);
    const id = idOf(services[0]!);
    const before = sharePercent(caller.calls, id, nowMs() - 1_000, nowMs());
    await behave(services[0]!, { extraMs: 500 });
    const slowMs = nowMs();
    await context.sleep(13_000);
    await caller.end();
    const seconds = [0, 1, 2, 4, 8].map((second) => {
      const from = slowMs + second * 1000;
      return `${sharePercent(caller.calls, id, from, from + 1000).toFixed(0)} % in second ${second + 1}`;
    });
    context.note(`share ${before.toFixed(0)} % before, then ${seconds.join(", ")}`);
    context.note(`${failed(caller.calls).length} of ${caller.calls.length} calls failed`);
    return { share: sharePercent(caller.calls, id, slowMs + 10_000, slowMs + 13_000) };
  },
});

import { failed, reasons } from "../harness/calls.js";
import { behave, countsOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { steadyState } from "../harness/steady-state.js";

const openMs = 2_000;
const probes = 3;
const concurrent = 1_000;
/** So slow that no answer comes before all calls have been made. */
const slowMs = 2_000;

export const breakerHalfOpen = defineRow({
  name: "breaker-half-open",
  fault: "1,000 calls at once when the breaker may try again",
  inject: "all instances UNAVAILABLE until it opens, then slow answers and the calls; 3 probes, open for 2 s",
  pace: "fast",
  limitMs: 90_000,
  bounds: {
    open: { what: "calls that servers saw while it was open", unit: "", atMost: 0 },
    probes: {
      what: "calls that servers saw before the first answer",
      unit: "",
      atLeast: probes,
      atMost: probes,
    },
    closed: { what: "of 100 calls after it closed, failed", unit: "", atMost: 0 },
  },
  async run(context) {
    const { services, caller } = await steadyState(context, {
      caller: {
        idle: true,
        putEvery: 0,
        timeoutMs: 10_000,
        breaker: { openMs, probes, windowMs: 2_000 },
        retry: { maxAttempts: 1 },
      },
    });
    const begun = async (): Promise<number> => {
      const counts = await Promise.all(services.map(countsOf));
      return counts.reduce((sum, { begun }) => sum + begun.get, 0);
    };
    await caller.burst(30);
    await Promise.all(services.map((service) => behave(service, { unavailable: true })));
    const opening = await caller.burst(200);
    const before = await begun();
    const refused = await caller.burst(200);
    const open = (await begun()) - before;
    context.note(`it opened on ${failed(opening).length} failures; then: ${reasons(refused, 1).join()}`);

    await Promise.all(services.map((service) => behave(service, { extraMs: slowMs })));
    await context.sleep(openMs + 200);
    const asked = await begun();
    const half = caller.burst(concurrent, 10_000);
    await context.sleep(slowMs - 500);
    const seen = (await begun()) - asked;
    const answered = (await half).filter(({ code }) => code === 0);
    const times = answered.map(({ latencyMs }) => latencyMs.toFixed(0));
    context.note(`half-open: ${answered.length} of ${concurrent} answered, after ${times.join(", ")} ms`);

    await Promise.all(services.map((service) => behave(service, {})));
    const after = [await caller.burst(50, 10_000), await caller.burst(50, 10_000)].flat();
    for (const reason of reasons(after)) context.note(reason);
    return { open, probes: seen, closed: failed(after).length };
  },
});

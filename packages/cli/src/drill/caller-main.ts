import { keepStream, receiptInterceptor, runCaller } from "@rollcall/testing/fleet";
import { planVariable, readPlan } from "./caller-plan.js";
import { lethalSteps } from "./steps.js";
import { createTrafficClient } from "./traffic-client.js";

const { ratePerSecond, calls, streams, streamCount, services } = readPlan(process.env[planVariable]!);
await using client = createTrafficClient(services, { interceptors: [receiptInterceptor] });

const repeatable = calls.filter(({ idempotent }) => idempotent);

await runCaller({
  ratePerSecond,
  call(n, { step }) {
    const now = lethalSteps.has(step) ? repeatable : calls;
    return client.unary(now[n % now.length]!);
  },
  beside: (recorder, signal) =>
    Promise.all(
      Array.from({ length: streamCount }, (_, n) =>
        keepStream({
          recorder,
          signal,
          open: (_notes, ending) =>
            client.stream(streams[n % streams.length]!, { signal: ending, reopen: "always" }),
        }),
      ),
    ),
});
process.disconnect();

import { assertDroppedNothing } from "@rollcall/testing";
import { simulate } from "@rollcall/testing/simulator";
import { expect, test } from "vitest";
import { {{Service}} } from "./gen/{{package}}/v1/{{package}}.js";
import { {{Service}}Service } from "./{{name}}-service.js";
import { Pause } from "./pause.js";

// Three instances, two callers and a registry on a clock that does not wait; the same seed has the same events.
test("a deploy drops nothing, though the registry is away for ten seconds", async () => {
  await using simulation = await simulate({
    services: [{{Service}}Service],
    name: "{{name}}",
    seed: 42,
    bind: (container, { clock }) => container.bind(Pause).toConstantValue(new Pause(clock)),
    workload(caller) {
      const client = caller.client({{Service}});
      return {
        ratePerSecond: 20,
        call: (n) => client.greet({ name: `${n}` }),
        streams: [(signal) => client.watch({}, { signal })],
      };
    },
  });
  await simulation.fleet.rollingRestart();
  simulation.registry.outage(10_000);
  await simulation.run(15_000);
  await simulation.fleet.scale(5);

  const { receipt } = await simulation.check();
  assertDroppedNothing(receipt);
  expect(receipt.streams.dropped).toBe(0);
  // A stream that ignores `ctx.draining` holds each stop for the whole grace period of 30 s.
  const stopsMs = simulation.log.flatMap((line) => /stopped after (\d+) ms/.exec(line)?.slice(1).map(Number) ?? []);
  expect(Math.max(...stopsMs.slice(0, 3))).toBeLessThan(5_000);
});

import { systemClock } from "@rollcall/app";
import { describe } from "vitest";
import { EventLog } from "../../packages/testing/src/simulator/event-log.js";
import { SimRegistry } from "../../packages/testing/src/simulator/registry/sim-registry.js";
import { rolloutContract } from "../registry/rollout-contract.js";

describe("rollout contract [simulated]", () => {
  rolloutContract(async () => {
    const registry = new SimRegistry({ clock: systemClock, log: new EventLog(systemClock) });
    const backends: AsyncDisposable[] = [];
    return {
      connect() {
        const name = `process-${backends.length + 1}`;
        const backend = registry.backend({ name, clock: systemClock, random: Math.random });
        backends.push(backend);
        return backend;
      },
      async [Symbol.asyncDispose]() {
        await Promise.all(backends.map((backend) => backend[Symbol.asyncDispose]()));
        registry.close();
      },
    };
  });
});

import { setImmediate } from "node:timers/promises";
import {
  FakeClock,
  MemoryNetwork,
  memoryServerTransport,
  memoryTransport,
  seededRandom,
} from "@rollcall/testing";
import { expect } from "vitest";
import type { TransportUnderTest } from "./scene.js";

/** A network in memory, on a clock of its own. */
export function memory(latencyMs: number): TransportUnderTest {
  const clock = new FakeClock();
  const network = new MemoryNetwork({ clock, random: seededRandom(7), latencyMs });
  return {
    clock,
    transport: memoryTransport(network),
    serverTransport: (port) => memoryServerTransport(network, { port }),
    addressOf: (port) => `127.0.0.1:${port}`,
    holdPort: async () => ({ port: 80, [Symbol.asyncDispose]: async () => {} }),
    pass: (ms) => clock.advance(ms),
    async eventually(check) {
      for (let turn = 0; turn < 500 && !check(); turn++) {
        await setImmediate();
      }
      expect(check()).toBe(true);
    },
  };
}

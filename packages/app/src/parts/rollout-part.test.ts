import type { RegistryBackend } from "@rollcall/core";
import { memoryRegistry } from "@rollcall/registry";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { describe, expect, it } from "vitest";
import { fakeLogger } from "../../../core/src/fixtures/fake-logger.js";
import { Prices, Stock } from "../../../core/src/fixtures/shop.js";
import { processStore } from "../rollout/fixtures/process-store.js";
import { startRollout } from "../rollout/plan.js";
import { rolloutPart } from "./rollout-part.js";

const { signal } = new AbortController();

function setup(registry: RegistryBackend = memoryRegistry()) {
  const clock = new FakeClock();
  const { logger } = fakeLogger();
  const store = registry.rollouts && processStore(registry.rollouts);
  const backend = { ...registry, rollouts: store };
  const services = { bound: [{ contract: Stock }, { contract: Prices }] } as never;
  const candidate = (): string => "shop 10.0.0.1:80";
  const part = rolloutPart({ backend, services, candidate, clock, random: () => 0.5, logger });
  const begin = async (service: string): Promise<void> => {
    const options = { id: "r1", to: "2", from: "1" };
    const policy = startRollout(service, undefined, options, { by: "ada", at: clock.now() });
    await registry.rollouts!.compareAndSet([{ service, revision: 0, policy }], signal);
    await settle();
  };
  const leader = (service: string): Promise<string | undefined> => registry.rollouts!.leader(service, signal);
  return { clock, part, store, begin, leader };
}

describe("the rollouts of an app", () => {
  it("have a controller per service, which resigns when the app stops", async () => {
    const { clock, part, begin, leader } = setup();
    await part.start(signal);
    await begin(Stock.name);
    expect(await leader(Stock.name)).toBe("shop 10.0.0.1:80");
    expect(await leader(Prices.name)).toBeUndefined();
    await begin(Prices.name);
    expect(await leader(Prices.name)).toBe("shop 10.0.0.1:80");
    await part.stop(signal);
    expect(await leader(Stock.name)).toBeUndefined();
    expect(await leader(Prices.name)).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it("do not hold up a stop: 500 ms for a registry that hangs, nothing when it is forced", async () => {
    for (const forced of [false, true]) {
      const { clock, part, begin, store } = setup();
      await part.start(signal);
      await begin(Stock.name);
      store!.trouble = "hangs";
      const stopping = part.stop(forced ? AbortSignal.abort() : signal);
      if (!forced) await clock.advance(500);
      await stopping;
    }
  });

  it("run nowhere where the registry cannot change policies, or the app was never started", async () => {
    const { rollouts: _, ...registry } = memoryRegistry();
    const { part, clock } = setup(registry);
    await part.stop(signal);
    await part.start(signal);
    await part.stop(signal);
    expect(clock.pending).toBe(0);
  });
});

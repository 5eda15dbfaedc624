import type { Feed, RegistryBackend, ServiceInstance, Snapshot } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../../clock/fake-clock.js";
import { EventLog } from "../event-log.js";
import { SimRegistry } from "./sim-registry.js";

const ttlMs = 3_000;
const forever = new AbortController().signal;

function instance(id: string, incarnation = "1-a"): ServiceInstance {
  const fixed = { app: "a", service: "s", version: "1", track: "stable", zone: "", weight: 100 };
  return { ...fixed, id, incarnation, address: id, state: "up", features: [], labels: {} };
}

function setup() {
  const clock = new FakeClock();
  const registry = new SimRegistry({ clock, log: new EventLog(clock), ttlMs });
  const backend = (name: string): RegistryBackend => registry.backend({ name, clock, random: () => 0.5 });
  return { clock, registry, backend, view: backend("viewer").open("s") };
}

function ids(feed: Feed<Snapshot>): string | undefined {
  return feed.current?.instances.map(({ id, state }) => (state === "up" ? id : `${id} ${state}`)).join();
}

describe("the simulated registry", () => {
  it("shows what is registered, draining, deregistered", async () => {
    const { clock, backend, view } = setup();
    await clock.advance(100);
    expect(ids(view)).toBe("");
    const registration = backend("p").register([instance("a")], forever);
    expect(registration.state.current).toBe("pending");
    await clock.advance(10);
    expect(registration.state.current).toBe("visible");
    expect(ids(view)).toBe("a");
    void registration.update({ state: "draining" });
    await clock.advance(10);
    expect(ids(view)).toBe("a draining");
    void registration.deregister(forever);
    await clock.advance(10);
    expect(ids(view)).toBe("");
  });

  it("keeps records for as long as their lease is renewed, and for its time to live after", async () => {
    const { clock, backend, view } = setup();
    const alive = backend("alive");
    const killed = backend("killed");
    alive.register([instance("a")], forever);
    killed.register([instance("b")], forever);
    await clock.advance(10 * ttlMs);
    expect(ids(view)).toBe("a,b");
    await killed[Symbol.asyncDispose]();
    await clock.advance(ttlMs / 2);
    expect(ids(view)).toBe("a,b");
    await clock.advance(ttlMs);
    expect(ids(view)).toBe("a");
  });

  it("lets a later incarnation take over, and an earlier one wait until it may", async () => {
    const { clock, backend, view } = setup();
    const first = backend("p").register([instance("a", "1-a")], forever);
    await clock.advance(10);
    const second = backend("p").register([instance("a", "2-a")], forever);
    await clock.advance(50);
    expect(view.current?.instances[0]?.incarnation).toBe("2-a");
    expect([first.state.current, second.state.current]).toEqual(["lost", "visible"]);
    void second.deregister(forever);
    await clock.advance(5_000);
    expect(first.state.current).toBe("visible");
  });

  it("answers nobody while it is down, keeps all leases, and is in step again after", async () => {
    const { clock, registry, backend, view } = setup();
    backend("p").register([instance("a")], forever);
    await clock.advance(100);
    registry.outage(4 * ttlMs);
    const late = backend("q").register([instance("b")], forever);
    const leaving = new AbortController();
    const left = late.deregister(leaving.signal);
    backend("r").register([instance("c")], forever);
    await clock.advance(2 * ttlMs);
    leaving.abort(new Error("no time"));
    await left;
    expect(ids(view)).toBe("a");
    await clock.advance(3 * ttlMs);
    expect(ids(view)).toBe("a,c");
  });

  it("holds watch events back while it lags, in their order", async () => {
    const { clock, registry, backend, view } = setup();
    await clock.advance(10);
    registry.lag(1_000, 100);
    backend("p").register([instance("a")], forever);
    await clock.advance(200);
    backend("q").register([instance("b")], forever);
    await clock.advance(700);
    expect(ids(view)).toBe("");
    await clock.advance(200);
    expect(ids(view)).toBe("a,b");
  });

  it.each(["wipe", "massDisappearance", "loseLease"] as const)(
    "has everybody register again after %s",
    async (fault) => {
      const { clock, registry, backend, view } = setup();
      const registrations = ["a", "b"].map((id) => backend("p").register([instance(id)], forever));
      await clock.advance(100);
      registry[fault]("p");
      expect(registry.instances).toEqual([]);
      await clock.advance(2 * ttlMs);
      expect(ids(view)).toBe("a,b");
      expect(registrations.map(({ state }) => state.current)).toEqual(["visible", "visible"]);
    },
  );

  it("publishes the first change at once, more within 50 ms together, and deletes without delay", async () => {
    const { clock, backend, view } = setup();
    await clock.advance(100);
    const a = backend("p").register([instance("a")], forever);
    await clock.advance(10);
    expect(ids(view)).toBe("a");
    backend("q").register([instance("b")], forever);
    await clock.advance(10);
    expect(ids(view)).toBe("a");
    await clock.advance(50);
    expect(ids(view)).toBe("a,b");
    void a.deregister(forever);
    await clock.advance(5);
    expect(ids(view)).toBe("b");
  });
});

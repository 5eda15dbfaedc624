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

  it("shows a policy at once, and keeps the last one, as lost, when it has been wiped", async () => {
    const { clock, registry, backend, view } = setup();
    const { rollouts } = backend("operator");
    const policy = { gen: 1, stable: "1", rules: [], by: "ann", reason: "test", at: 0 };
    await clock.advance(100);
    void rollouts?.compareAndSet([{ service: "s", revision: 0, policy }], forever);
    await clock.advance(10);
    expect(view.current).toMatchObject({ policy });
    expect(view.current?.policyLost).toBeUndefined();
    registry.wipe();
    await clock.advance(200);
    expect(view.current).toMatchObject({ policy, policyLost: true, instances: [] });
    void rollouts?.compareAndSet([{ service: "s", revision: 0, policy: { ...policy, gen: 2 } }], forever);
    await clock.advance(10);
    expect(view.current?.policy?.gen).toBe(2);
    expect(view.current?.policyLost).toBeUndefined();
  });

  it("repeats what is lost on its way, and knows its own change when only the answer was", async () => {
    const { clock, registry } = setup();
    const lottery = [0.9, 0.1, 0.5, 0.9, 0.9, 0.5];
    let drawn = 0;
    const random = (): number => lottery[drawn++] ?? 0.9;
    const { rollouts } = registry.backend({ name: "operator", clock, random });
    registry.disturb(10_000, { lost: 0.5 });
    const policy = { gen: 1, stable: "1", rules: [], by: "ann", reason: "test", at: 0 };
    const changed = rollouts.compareAndSet([{ service: "s", revision: 0, policy }], forever);
    await clock.advance(5_000);
    expect(await changed).toEqual({ won: true });
    expect(drawn).toBeGreaterThan(3);
    expect(registry.policies.writes).toHaveLength(1);
  });

  it("ends leaderships and reports with the lease of their process, and tells the process", async () => {
    const { clock, registry, backend } = setup();
    const [one, other] = [backend("one").rollouts, backend("other").rollouts];
    const elected = one?.campaign("s", "one", forever);
    await clock.advance(10);
    const leadership = await elected;
    const steps = [{ step: 0, versions: {} }];
    void one?.report("s", { caller: "one", rollout: "r", steps }, forever);
    const waiting = other?.campaign("s", "other", forever);
    await clock.advance(10);
    expect(registry.policies.controller("s")).toBe("one");
    registry.loseLease("one");
    await clock.advance(10);
    expect(registry.policies.controller("s")).toBe("other");
    expect(await registry.policies.store.reports("s", forever)).toEqual([]);
    expect(leadership?.lost.aborted).toBe(false);
    await clock.advance(ttlMs);
    expect(leadership?.lost.aborted).toBe(true);
    expect((await waiting)?.lost.aborted).toBe(false);
  });

  it("says how long a record's lease has left", async () => {
    const { clock, backend } = setup();
    const registering = backend("p");
    registering.register([instance("a")], forever);
    await clock.advance(500);
    const listing = registering.list("s", forever);
    await clock.advance(10);
    const [listed] = await listing;
    expect(listed?.instance.id).toBe("a");
    expect(listed?.leaseLeftMs).toBeGreaterThan(0);
    expect(listed?.leaseLeftMs).toBeLessThanOrEqual(ttlMs);
  });
});

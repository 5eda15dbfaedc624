import { describe, expect, it } from "vitest";
import type { Handler } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { instance } from "../fixtures/contracts.js";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { answer, FakeTransport } from "../fixtures/fake-transport.js";
import { createFeed } from "../ports/feed.js";
import type { ServiceInstance, Snapshot } from "../ports/registry.js";
import { Membership } from "./membership.js";

const service = "test.v1.Echo";

function setup(slowStartMs?: number) {
  const clock = new FakeClock();
  const transport = new FakeTransport();
  transport.respond = async () => answer({ status: "SERVING" });
  const feed = createFeed<Snapshot>();
  const { logger, lines } = fakeLogger();
  const views: string[] = [];
  const members: Membership = new Membership(
    { service, feed, transport, clock, random: () => 0.5, logger, slowStartMs },
    () => views.push(members.available.map((each) => each.instance.id).join()),
  );
  let revision = 0;
  const publish = async (...instances: (string | ServiceInstance)[]): Promise<void> => {
    const all = instances.map((each) => (typeof each === "string" ? instance(each) : each));
    feed.publish({ service, revision: ++revision, instances: all });
    await settle();
  };
  const ids = (): string => members.all.map((each) => each.instance.id).join();
  const available = (): string => members.available.map((each) => each.instance.id).join();
  return { clock, transport, members, publish, ids, available, views, lines };
}

const never: Handler = () => new Promise(() => {});

describe("membership", () => {
  it("has one endpoint per instance, and keeps it while id, incarnation and address stay", async () => {
    const { members, publish, transport, ids } = setup();
    await publish("a", "b");
    const [first] = members.all;
    await publish(instance("a", { weight: 5, version: "2" }), instance("b"));
    expect(members.all[0]).toBe(first);
    expect(first?.instance).toMatchObject({ weight: 5, version: "2" });
    await publish(instance("a", { incarnation: "2-b" }), instance("b"));
    expect(members.all.find((each) => each.instance.id === "a")).not.toBe(first);
    expect(ids()).toBe("b,a");
    expect(transport.connections[0]?.closes).toEqual([Infinity]);
  });

  it("offers those that are connected and up", async () => {
    const { publish, transport, available } = setup();
    transport.initial = "connecting";
    await publish("a", "b", instance("c", { state: "draining" }));
    expect(available()).toBe("");
    for (const id of ["a", "b", "c"]) transport.to(id).become("ready");
    expect(available()).toBe("a,b");
    transport.to("a").become("failed");
    expect(available()).toBe("b");
    await publish("a", instance("b", { state: "draining" }));
    expect(available()).toBe("");
    transport.to("a").become("ready");
    expect(available()).toBe("a");
  });

  it("publishes one view per snapshot, when all of it is in", async () => {
    const { publish, views } = setup();
    await publish("a", "b", "c");
    await publish("a", "b", instance("d"));
    expect(views).toEqual(["a,b,c", "a,b,d"]);
  });

  it("survives instances that nothing can connect to, and warns once of each", async () => {
    const { publish, transport, ids, lines } = setup();
    const connect = transport.connect.bind(transport);
    transport.connect = (each) => {
      if (each.address === "odd address") throw new Error("cannot parse");
      return connect(each);
    };
    const odd = instance("odd", { address: "odd address" });
    await publish("a", odd);
    await publish("a", odd, "b");
    expect(ids()).toBe("a,b");
    expect(lines.filter(({ level }) => level === 40)).toEqual([
      expect.objectContaining({ msg: "unusable instance", instance: "odd", address: "odd address" }),
    ]);
    await publish("a", "b");
    await publish("a", "b", odd);
    expect(lines.filter(({ level }) => level === 40)).toHaveLength(2);
  });

  it("connects once to an instance that a snapshot lists twice", async () => {
    const { publish, transport } = setup();
    await publish("a", "a");
    expect(transport.connections).toHaveLength(1);
  });

  it("listens to no connection that it has let go", async () => {
    const { publish, transport, members, views } = setup();
    await publish("a", "b", "c");
    await publish("a", "b");
    await members.close(0);
    expect(transport.connections.map((each) => each.listeners.size)).toEqual([0, 0, 0]);
    const before = views.length;
    for (const connection of transport.connections) connection.become("failed");
    expect(views).toHaveLength(before);
  });

  it("moves the connection of a run that was restarted to the next one, where it leads there already", async () => {
    const { publish, transport, members, available } = setup();
    await publish("a", "b");
    const [a, b] = transport.connections;
    const next = instance("a", { incarnation: "2-b" });
    const moved = new FakeTransport().connect(next);
    a!.moveTo = (run) => {
      // Before it is closed.
      expect([run, a!.closes]).toEqual([next, []]);
      return moved;
    };
    b!.moveTo = () => undefined;
    await publish(next, instance("b", { incarnation: "2-b" }));
    expect(transport.connections.map((each) => each.instance.id)).toEqual(["a", "b", "b"]);
    expect(members.all.map((each) => each.transport)).toEqual([moved, transport.connections[2]]);
    expect(available()).toBe("a,b");
    expect([a!.closes, b!.closes, moved.closes]).toEqual([[Infinity], [Infinity], []]);
  });

  it("lets calls on endpoints that left go on, until it is closed", async () => {
    const { publish, transport, members } = setup();
    const release = Promise.withResolvers<void>();
    await publish("a", "b", "c");
    const leaving = transport.to("c");
    leaving.close = async (graceMs) => {
      leaving.closes.push(graceMs);
      if (graceMs > 0) await release.promise;
      else release.resolve();
    };
    await publish("a", "b");
    await members.close(0);
    expect(leaving.closes).toEqual([Infinity, 0]);
  });
});

describe("slow start", () => {
  it("is off when all endpoints are new, and on from 10 % for 10 s for one that joins", async () => {
    const { publish, members, clock } = setup();
    await publish("a", "b");
    await publish("a", "b", "c");
    const weights = (): number[] => members.all.map((each) => each.weightAt(clock.now()));
    expect(weights()).toEqual([100, 100, 10]);
    await clock.advance(5_000);
    expect(weights()).toEqual([100, 100, 50]);
    await clock.advance(5_000);
    expect(weights()).toEqual([100, 100, 100]);
  });

  it("can be turned off", async () => {
    const { publish, members, clock } = setup(0);
    await publish("a");
    await publish("a", "b");
    expect(members.all.map((each) => each.weightAt(clock.now()))).toEqual([100, 100]);
  });
});

describe("suspicion", () => {
  it("believes that one of several is gone, and that those are gone that said goodbye", async () => {
    const { publish, ids } = setup();
    await publish("a", "b", "c");
    await publish("a", "b");
    expect(ids()).toBe("a,b");
    await publish(instance("a", { state: "draining" }), instance("b", { state: "draining" }));
    await publish();
    expect(ids()).toBe("");
  });

  it("keeps those that vanished together while they answer, for 10 min at most", async () => {
    const { publish, ids, available, clock, transport } = setup();
    await publish("a", "b", "c");
    await publish();
    expect(available()).toBe("a,b,c");
    await clock.advance(10 * 60_000 - 1);
    expect(ids()).toBe("a,b,c");
    expect(transport.to("a").calls.length).toBeGreaterThan(100);
    await clock.advance(5_001);
    expect(ids()).toBe("");
    expect(clock.pending).toBe(0);
  });

  it("keeps the last one while it answers", async () => {
    const { publish, available } = setup();
    await publish("a");
    await publish();
    expect(available()).toBe("a");
  });

  it("lets a suspect go that does not answer within 2 s", async () => {
    const { publish, ids, clock, transport } = setup();
    await publish("a", "b");
    transport.to("a").respond = never;
    await publish();
    await clock.advance(1_999);
    expect(ids()).toBe("a,b");
    await clock.advance(1);
    expect(ids()).toBe("b");
  });

  it("lets a suspect go at once whose connection is or gets lost, or that serves the service no more", async () => {
    const { publish, ids, transport } = setup();
    await publish("a", "b", "c", "d");
    transport.to("a").become("failed");
    transport.to("b").respond = async () => answer({ status: "NOT_SERVING" });
    transport.to("c").respond = () =>
      Promise.reject(new RpcError(Code.NotFound, "unknown service", { origin: "remote" }));
    await publish();
    expect(ids()).toBe("d");
    transport.to("d").become("failed");
    expect(ids()).toBe("");
  });

  it("takes a server without health checks for alive: it answered", async () => {
    const { publish, ids, transport } = setup();
    transport.respond = () =>
      Promise.reject(new RpcError(Code.Unimplemented, "no such method", { origin: "remote" }));
    await publish("a");
    await publish();
    expect(ids()).toBe("a");
  });

  it("forgets its doubts when the registry shows the instance again", async () => {
    const { publish, members, clock, transport } = setup();
    await publish("a", "b");
    const before = members.all;
    await publish();
    await publish("a", "b");
    expect(members.all).toEqual(before);
    const asked = transport.to("a").calls.length;
    await clock.advance(60_000);
    expect(transport.to("a").calls).toHaveLength(asked);
  });

  it("lets a suspect go when its successor appears under the same id", async () => {
    const { publish, members } = setup();
    await publish("a", "b");
    await publish();
    await publish(instance("a", { incarnation: "2-b" }));
    expect(members.all.map((each) => `${each.instance.id} ${each.instance.incarnation}`)).toEqual([
      "b 1-a",
      "a 2-b",
    ]);
  });
});

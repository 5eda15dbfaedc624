import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { clientPipeline } from "../client/create-pipeline.js";
import type { Call, Reply } from "../call/call.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { callOn, instance, method } from "../fixtures/contracts.js";
import { FirstUntried } from "../fixtures/fake-balancer.js";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { answer, FakeTransport } from "../fixtures/fake-transport.js";
import { createFeed } from "../ports/feed.js";
import type { ServiceInstance, Snapshot } from "../ports/registry.js";
import type { RolloutPolicy, Rule } from "../ports/rollout.js";
import { Cluster } from "./cluster.js";

const service = "test.v1.Echo";
const old = instance("old");
const fresh = instance("new", { version: "2", weight: 0 });
const everything = { to: { version: "2" }, percent: 100 };

function setup() {
  const clock = new FakeClock();
  const transport = new FakeTransport();
  const feed = createFeed<Snapshot>();
  const balancers: FirstUntried[] = [];
  const { logger, lines } = fakeLogger();
  const cluster = new Cluster({
    service,
    feed,
    transport,
    balancer: {
      name: "first-untried",
      create() {
        const balancer = new FirstUntried();
        balancers.push(balancer);
        return balancer;
      },
    },
    clock,
    random: () => 0.5,
    logger,
    zone: "",
    caller: "caller",
  });
  const pipeline = clientPipeline(cluster, { clock, random: () => 0.5, interceptors: [] });
  let revision = 0;
  let gen = 0;
  const publish = async (instances: readonly ServiceInstance[], ...rules: Rule[]): Promise<void> => {
    const policy: RolloutPolicy = { gen: ++gen, stable: "1", rules, by: "test", reason: "test", at: 0 };
    feed.publish({ service, revision: ++revision, instances, policy });
    await settle();
  };
  /** Where a call went. */
  const goes = async (headers: Record<string, string> = {}): Promise<string[]> => {
    const call = callWith(headers);
    await pipeline(call);
    return call.attempts.map(({ instance }) => instance.id);
  };
  const send = (call: Call): Promise<Reply> => pipeline(call);
  return { clock, transport, balancers, cluster, feed, publish, goes, send, lines };
}

function callWith(headers: Record<string, string> = {}, change: { deadline?: number } = {}): Call {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  return callOn(method(), { ...change, metadata });
}

describe("the subsets of a cluster", () => {
  it("follow the policy from one call to the next, on the connections there are", async () => {
    const { publish, goes, transport } = setup();
    await publish([old, fresh]);
    expect(await goes()).toEqual(["old"]);
    await publish([old, fresh], everything);
    expect(await goes()).toEqual(["new"]);
    await publish([old, fresh], { ...everything, percent: 0 });
    expect(await goes()).toEqual(["old"]);
    expect(transport.connections).toHaveLength(2);
    expect(transport.connections.flatMap(({ closes }) => closes)).toEqual([]);
  });

  it("fall back to stable while none of a canary's instances takes calls", async () => {
    const { publish, goes, transport } = setup();
    await publish([old, fresh], everything);
    transport.to("new").become("failed");
    expect(await goes()).toEqual(["old"]);
    transport.to("new").become("ready");
    expect(await goes()).toEqual(["new"]);
    await publish([old, { ...fresh, state: "draining" }], everything);
    expect(await goes()).toEqual(["old"]);
  });

  it("let the standby take calls only while stable cannot: as when a version is deployed without a rollout", async () => {
    const { publish, goes, transport } = setup();
    const next = instance("next", { version: "3" });
    await publish([old, next]);
    expect(await goes()).toEqual(["old"]);
    await publish([{ ...old, state: "draining" }, next]);
    expect(await goes()).toEqual(["next"]);
    await publish([old, next]);
    transport.to("old").become("failed");
    expect(await goes()).toEqual(["next"]);
    transport.to("old").become("ready");
    expect(await goes()).toEqual(["old"]);
  });

  it("never let a canary take the place of stable: calls wait for it, and say so", async () => {
    const { publish, send, clock } = setup();
    await publish([fresh]);
    const reply = send(callWith({}, { deadline: clock.now() + 50 }));
    reply.catch(() => {});
    await clock.advance(50);
    await expect(reply).rejects.toMatchObject({
      code: Code.Unavailable,
      reason:
        'no endpoint until the deadline in subset "stable": 0 of 0 (1 instance of test.v1.Echo: 1 ready)',
    });
  });

  it("keep the attempts of a call together, and let them go when their subset is closed", async () => {
    const { publish, goes, transport } = setup();
    const second = { ...fresh, id: "new2", address: "new2:1" };
    await publish([old, fresh, second], everything);
    let refusals = 1;
    transport.to("new").respond = async () => {
      if (refusals-- > 0) throw new RpcError(Code.Unavailable, "refused", { processed: "no" });
      return answer();
    };
    expect(await goes()).toEqual(["new", "new2"]);
    transport.to("new").respond = async () => {
      await publish([old, fresh, second], { ...everything, percent: 0 });
      throw new RpcError(Code.Unavailable, "refused", { processed: "no" });
    };
    expect(await goes()).toEqual(["new", "old"]);
  });

  it("hold calls back until the policy is known, rather than guess", async () => {
    const { publish, goes } = setup();
    const first = goes();
    await settle();
    await publish([old, fresh], everything);
    expect(await first).toEqual(["new"]);
  });

  it("follow what an instance registers anew, also while connections come and go", async () => {
    const { publish, goes, transport } = setup();
    const other = instance("other");
    await publish([old, other]);
    expect(await goes()).toEqual(["old"]);
    transport.to("other").become("failed");
    transport.to("other").become("ready");
    await publish([{ ...old, state: "draining" }, other]);
    expect(await goes()).toEqual(["other"]);
    await publish([{ ...old, version: "2", weight: 0 }, other], everything);
    expect(await goes()).toEqual(["old"]);
  });

  it("have balancers that live as long as the policy names them", async () => {
    const { publish, goes, balancers } = setup();
    await publish([old, fresh], everything);
    await goes();
    await publish([old, fresh], { ...everything, percent: 50.1 });
    await goes();
    expect(balancers.map(({ closed }) => closed)).toEqual([false]);
    await publish([old, fresh]);
    expect(balancers.map(({ closed }) => closed)).toEqual([true]);
    await goes();
    expect(balancers).toHaveLength(2);
  });

  it("put the calls of a rule on its lane", async () => {
    const { publish, goes, transport } = setup();
    await publish([old, fresh], { ...everything, lane: "canary" });
    await goes();
    await goes({ "rollcall-lane": "other" });
    const lanes = transport.to("new").calls.map(({ metadata }) => metadata.get("rollcall-lane"));
    expect(lanes).toEqual([["canary"], ["canary"]]);
  });

  it("leave the metadata that a user passed as it is", async () => {
    const { publish, send } = setup();
    await publish([old, fresh], { ...everything, lane: "canary" });
    const call = callWith();
    await send(call);
    expect(call.metadata.get("rollcall-lane")).toEqual([]);
  });

  it("live on with a balancer that throws", async () => {
    const { publish, goes, balancers, lines } = setup();
    await publish([old]);
    await goes();
    balancers[0]!.settled = () => {
      throw new Error("settled");
    };
    await goes();
    await settle();
    expect(lines.at(-1)).toMatchObject({ msg: "balancer threw", subset: "stable" });
  });
});

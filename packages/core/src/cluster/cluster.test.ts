import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { Call } from "../call/call.js";
import { Code } from "../code.js";
import { deadline } from "../client/deadline.js";
import { RpcError } from "../errors.js";
import { callOn, instance, method } from "../fixtures/contracts.js";
import { FirstUntried } from "../fixtures/fake-balancer.js";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { answer, FakeTransport, streamAnswer } from "../fixtures/fake-transport.js";
import { createFeed } from "../ports/feed.js";
import type { ServiceInstance, Snapshot } from "../ports/registry.js";
import { Cluster } from "./cluster.js";

const service = "test.v1.Echo";

function setup() {
  const clock = new FakeClock();
  const transport = new FakeTransport();
  const feed = createFeed<Snapshot>();
  const balancer = new FirstUntried();
  const { logger, lines } = fakeLogger();
  const cluster = new Cluster({
    service,
    feed,
    transport,
    balancer: balancer.factory,
    clock,
    random: () => 0.5,
    logger,
    zone: "",
    caller: "caller",
  });
  let revision = 0;
  const publish = async (...instances: ServiceInstance[]): Promise<void> => {
    feed.publish({ service, revision: ++revision, instances });
    await settle();
  };
  const send = (call: Call): ReturnType<typeof cluster.send> => deadline(clock)(cluster.send)(call);
  return { clock, transport, balancer, cluster, publish, send, lines };
}

const refused = new RpcError(Code.Unavailable, "refused", { processed: "no" });

describe("a cluster", () => {
  it("sends a call to the endpoint picked, and notes the attempt", async () => {
    const { cluster, publish } = setup();
    await publish(instance("a"), instance("b"));
    const call = callOn();
    expect(await cluster.send(call)).toMatchObject({ response: {} });
    expect(call.attempts.map((each) => each.instance.id)).toEqual(["a"]);
    expect(call.tried).toEqual(call.attempts);
  });

  it("reserves in the same turn as the pick, until the call's end", async () => {
    const { cluster, publish, transport } = setup();
    const end = Promise.withResolvers<void>();
    transport.respond = async () =>
      streamAnswer(
        (async function* () {
          await end.promise;
          yield {};
        })(),
      );
    await publish(instance("a"));
    const [endpoint] = cluster.endpoints;
    const replies = [cluster.send(callOn()), cluster.send(callOn())];
    expect(endpoint?.stats.inflight).toBe(2);
    const [first] = await Promise.all(replies);
    expect(endpoint?.stats.inflight).toBe(2);
    end.resolve();
    if (first?.responseStream) for await (const _ of first.response);
    await settle();
    expect(endpoint?.stats.inflight).toBe(1);
  });

  it("tells statistics and balancer how attempts ended, those that throw or refuse too", async () => {
    const { cluster, publish, transport, balancer, clock } = setup();
    await publish(instance("a"));
    await cluster.send(callOn());
    const outcomes: (() => never)[] = [
      () => {
        throw refused;
      },
      () => {
        throw new TypeError("transport bug");
      },
    ];
    for (const outcome of outcomes) {
      transport.respond = outcome;
      await expect(cluster.send(callOn())).rejects.toThrow();
    }
    transport.respond = async () => {
      await clock.advance(30);
      return answer();
    };
    await cluster.send(callOn());
    await settle();
    expect(balancer.outcomes).toEqual([
      { code: Code.Ok, latencyMs: 0, processed: "yes" },
      { code: Code.Unavailable, latencyMs: 0, processed: "no" },
      { code: Code.Internal, latencyMs: 0, processed: "unknown" },
      { code: Code.Ok, latencyMs: 30, processed: "yes" },
    ]);
    expect(cluster.endpoints[0]?.stats.inflight).toBe(0);
  });

  it("takes the time to the headers for a stream's latency, however long the stream goes on", async () => {
    const { cluster, publish, transport, balancer, clock } = setup();
    await publish(instance("a"));
    transport.respond = async (call) => {
      await clock.advance(20);
      return streamAnswer(
        (async function* () {
          await clock.advance(60_000);
          yield {};
        })(),
        call,
      );
    };
    const reply = await cluster.send(callOn(method("server_streaming")));
    if (reply.responseStream) for await (const _ of reply.response);
    await settle();
    expect(balancer.outcomes).toEqual([{ code: Code.Ok, latencyMs: 20, processed: "yes" }]);
  });

  it("does not blame a server for the streams that it ends because it drains", async () => {
    const { cluster, publish, transport, balancer } = setup();
    await publish(instance("a"));
    const trailer = new Metadata();
    trailer.set("rollcall-drain", "1");
    const drained = new RpcError(Code.Unavailable, "the server is draining", { origin: "remote", trailer });
    for (const error of [drained, refused]) {
      transport.respond = async (call) =>
        streamAnswer(
          (async function* () {
            yield {};
            throw error;
          })(),
          call,
        );
      const reply = await cluster.send(callOn(method("server_streaming")));
      const read = async (): Promise<void> => {
        if (reply.responseStream) for await (const _ of reply.response);
      };
      await expect(read()).rejects.toBe(error);
    }
    await settle();
    expect(balancer.outcomes.map(({ code }) => code)).toEqual([Code.Ok, Code.Unavailable]);
  });

  it("leaves an instance alone that has stopped answering, and ends what is repeated elsewhere", async () => {
    const { cluster, publish, transport, clock, balancer, lines } = setup();
    transport.respond = () => new Promise(() => {});
    await publish(instance("a"));
    const connection = transport.to("a");
    const ended: (string | undefined)[] = [];
    connection.abort = (reason) => connection.calls.forEach((call) => ended.push(reason(call)?.reason));
    for (const isRepeated of [true, false]) {
      const call = callOn();
      call.claimRetry = () => isRepeated;
      void cluster.send(call);
    }
    await clock.advance(1_009);
    expect(balancer.views.at(-1)).toBe("a");
    await clock.advance(1);
    expect(balancer.views.at(-1)).toBe("");
    expect(ended).toEqual([]);
    await publish(instance("a"), instance("b"));
    expect(balancer.views.at(-1)).toBe("b");
    expect(ended).toEqual(["a has stopped answering", undefined, undefined]);
    transport.respond = async () => answer();
    const late = cluster.send(callOn());
    await clock.advance(5_000);
    expect(balancer.views.at(-1)).toBe("a,b");
    expect(await late).toMatchObject({ response: {} });
    expect(lines.map(({ msg }) => msg)).toEqual([
      "instance does not answer: not used",
      "instance answers again",
    ]);
  });

  it("takes a server without the service for another one, as long as there are others to ask", async () => {
    const { cluster, publish, transport, clock, balancer } = setup();
    const reason = "The server does not implement the method /test.v1.Echo/Say";
    const missing = new RpcError(Code.Unimplemented, reason, { origin: "remote" });
    const view = (): string => balancer.view.map((each) => each.instance.id).join();
    await publish(instance("a"), instance("b"));
    transport.to("a").respond = () => Promise.reject(missing);
    const call = callOn();
    const refusal = { code: Code.Unavailable, processed: "no", cause: missing };
    await expect(cluster.send(call)).rejects.toMatchObject(refusal);
    expect(await cluster.send(call)).toMatchObject({ response: {} });
    expect(view()).toBe("b");
    await clock.advance(1_000);
    expect(view()).toBe("a,b");
    // It says so again: twice as long.
    await expect(cluster.send(callOn())).rejects.toMatchObject(refusal);
    await clock.advance(1_999);
    expect(view()).toBe("b");
    // One that has answered calls of the service has it, and lacks the method.
    transport.to("b").respond = () => Promise.reject(missing);
    await expect(cluster.send(callOn())).rejects.toBe(missing);
    expect(view()).toBe("b");
    await cluster.close(0);
    expect(clock.pending).toBe(0);
  });

  it("says that a method is missing when no server has it, and lets calls of others go on", async () => {
    const { cluster, publish, transport, balancer } = setup();
    const missing = new RpcError(Code.Unimplemented, "unknown service test.v1.Echo", { origin: "remote" });
    transport.respond = () => Promise.reject(missing);
    await publish(instance("a"), instance("b"));
    const call = callOn();
    await expect(cluster.send(call)).rejects.toMatchObject({ processed: "no" });
    await expect(cluster.send(call)).rejects.toBe(missing);
    expect(balancer.view).toHaveLength(2);
  });

  it("does not send a call elsewhere that a handler, or a linked server, calls unimplemented", async () => {
    const { cluster, publish, transport, balancer } = setup();
    const passedOn = new RpcError(Code.Unimplemented, "unknown service test.v1.Other", { origin: "remote" });
    transport.respond = () => Promise.reject(passedOn);
    await publish(instance("a", { features: ["link"] }), instance("b"));
    await expect(cluster.send(callOn())).rejects.toBe(passedOn);
    const reason = "unknown method Say for service test.v1.Echo";
    const missing = new RpcError(Code.Unimplemented, reason, { origin: "remote" });
    transport.respond = () => Promise.reject(missing);
    await expect(cluster.send(callOn())).rejects.toBe(missing);
    expect(balancer.view).toHaveLength(2);
  });

  it("names what hangs among what is missing at the deadline", async () => {
    const { send, publish, transport, clock } = setup();
    transport.respond = () => new Promise(() => {});
    await publish(instance("a"));
    void send(callOn(method(), { deadline: clock.now() + 1_500 })).catch(() => {});
    await clock.advance(1_010);
    const late = send(callOn(method(), { deadline: clock.now() + 100 }));
    late.catch(() => {});
    await clock.advance(100);
    await expect(late).rejects.toThrow("(1 instance of test.v1.Echo: 1 hung)");
  });

  it("hears every message of a stream", async () => {
    const { cluster, publish, transport, clock } = setup();
    const { resolve, promise } = Promise.withResolvers<void>();
    transport.respond = async (call) =>
      streamAnswer(
        (async function* () {
          for (let n = 0; n < 100; n++) {
            await clock.sleep(100);
            yield { n };
          }
          await promise;
        })(),
        call,
      );
    await publish(instance("a"));
    const reply = await cluster.send(callOn(method("server_streaming")));
    let messages = 0;
    const read = (async () => {
      if (reply.responseStream) for await (const _ of reply.response) messages++;
    })();
    await clock.advance(10_000);
    expect(messages).toBe(100);
    // No question was asked: the only call is the stream.
    expect(transport.to("a").calls).toHaveLength(1);
    resolve();
    await read;
  });

  it("lives on with a balancer that throws", async () => {
    const { cluster, publish, balancer, lines } = setup();
    balancer.settled = () => {
      throw new Error("settled");
    };
    const update = balancer.update.bind(balancer);
    balancer.update = (view) => {
      update(view);
      throw new Error("update");
    };
    await publish(instance("a"));
    await cluster.send(callOn());
    await settle();
    await publish(instance("a"), instance("b"));
    expect(cluster.endpoints).toHaveLength(2);
    expect(lines.map(({ msg }) => msg)).toContain("balancer threw");
  });

  it("waits for an endpoint, and sends as soon as there is one", async () => {
    const { cluster, publish, transport } = setup();
    transport.initial = "connecting";
    const reply = cluster.send(callOn());
    await publish(instance("a"));
    expect(transport.to("a").calls).toHaveLength(0);
    transport.to("a").become("ready");
    expect(await reply).toMatchObject({ response: {} });
  });

  it("says at the deadline what was missing", async () => {
    const { send, publish, transport, clock } = setup();
    const expectReason = async (text: string): Promise<void> => {
      const reply = send(callOn(method(), { deadline: clock.now() + 100 }));
      reply.catch(() => {});
      await clock.advance(100);
      await expect(reply).rejects.toMatchObject({
        code: Code.Unavailable,
        processed: "no",
        reason: expect.stringContaining(text),
      });
    };
    await expectReason("the registry has not answered yet for test.v1.Echo");
    await publish();
    await expectReason("no instance of test.v1.Echo is registered");
    transport.initial = "failed";
    await publish(instance("a"), instance("b"), instance("c", { state: "draining" }));
    await expectReason(
      'no endpoint until the deadline in subset "stable": 0 of 0 (3 instances of test.v1.Echo: 2 failed, 1 draining)',
    );
    expect(clock.pending).toBe(0);
  });

  it("rejects with the caller's reason when it cancels while the call waits", async () => {
    const { cluster } = setup();
    const call = callOn();
    const reason = new RpcError(Code.Cancelled, "enough");
    const reply = cluster.send(call);
    call.cancel(reason);
    await expect(reply).rejects.toBe(reason);
  });

  it("asks all endpoints again, after a pause, when each has refused the call", async () => {
    const { cluster, publish, clock, transport } = setup();
    await publish(instance("a"));
    const call = callOn();
    await cluster.send(call);
    const again = cluster.send(call);
    await clock.advance(49);
    expect(transport.to("a").calls).toHaveLength(1);
    await clock.advance(1);
    await again;
    expect(transport.to("a").calls).toHaveLength(2);
    expect(call.attempts).toHaveLength(2);
  });

  it("is ready when an endpoint can take calls, and says why it is not when the wait ends", async () => {
    const { cluster, publish } = setup();
    const controller = new AbortController();
    const failed = cluster.ready(controller.signal);
    controller.abort();
    await expect(failed).rejects.toMatchObject({ code: Code.Unavailable });
    await expect(cluster.ready(controller.signal)).rejects.toMatchObject({ code: Code.Unavailable });
    const ready = cluster.ready(new AbortController().signal);
    await publish(instance("a"));
    await ready;
    await cluster.ready(new AbortController().signal);
  });

  it("fails the calls that wait, and new ones, once it is closed", async () => {
    const { cluster, balancer } = setup();
    const waiting = cluster.send(callOn());
    const ready = cluster.ready(new AbortController().signal);
    const outcomes = Promise.allSettled([waiting, ready]);
    await cluster.close(0);
    const closed = {
      status: "rejected",
      reason: expect.objectContaining({ code: Code.Cancelled, reason: "the client is closed" }),
    };
    expect(await outcomes).toEqual([closed, closed]);
    await expect(cluster.send(callOn())).rejects.toMatchObject({ code: Code.Cancelled });
    expect(balancer.closed).toBe(true);
  });
});

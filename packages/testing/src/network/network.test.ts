import { AsyncLocalStorage } from "node:async_hooks";
import {
  Code,
  createCall,
  Metadata,
  okEnd,
  RpcError,
  type Call,
  type Codec,
  type Connection,
  type Handler,
  type Listener,
  type MethodContract,
  type ServiceInstance,
} from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../clock/fake-clock.js";
import { memoryTransport } from "./connection.js";
import { memoryServerTransport } from "./listener.js";
import { MemoryNetwork } from "./network.js";

const json: Codec = {
  encode: (message) => Buffer.from(JSON.stringify(message)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as object,
};
const method: MethodContract = {
  path: "/test.v1.Echo/Say",
  kind: "unary",
  idempotent: false,
  request: json,
  response: json,
};
const address = "127.0.0.1:80";

function answer(response: object = {}): Awaited<ReturnType<Handler>> {
  return { header: new Metadata(), end: Promise.resolve(okEnd()), responseStream: false, response };
}

class Scene {
  readonly clock = new FakeClock();
  readonly network: MemoryNetwork;
  /** Calls that were dispatched. */
  arrived = 0;

  constructor(latencyMs = 0) {
    this.network = new MemoryNetwork({ clock: this.clock, random: () => 0.5, latencyMs });
  }

  listen(handler: Handler = async () => answer()): Promise<Listener> {
    const echo = { name: "test.v1.Echo", methods: { say: method }, file: undefined as never };
    const dispatch: Handler = (call) => {
      this.arrived++;
      return handler(call);
    };
    return memoryServerTransport(this.network, { port: 80 }).listen(
      [echo],
      dispatch,
      new AbortController().signal,
    );
  }

  dial(): Connection {
    return memoryTransport(this.network).connect({ address } as ServiceInstance);
  }

  call(deadlineMs = Infinity): Call {
    return createCall({
      method,
      metadata: new Metadata(),
      deadline: this.clock.now() + deadlineMs,
      request: {},
    });
  }
}

/** The code and whether it ran, or `ok`. */
function outcome(reply: Promise<unknown>): Promise<string> {
  return reply.then(
    () => "ok",
    (error: unknown) => `${(error as RpcError).code} ${(error as RpcError).processed}`,
  );
}

const dropped = `${Code.Unavailable} unknown`;
const refused = `${Code.Unavailable} no`;
const never = (): Promise<never> => new Promise(() => {});

/** One that its handler answers when it is told to. */
async function callInFlight(scene: Scene) {
  const answered = Promise.withResolvers<Awaited<ReturnType<Handler>>>();
  const listener = await scene.listen(() => answered.promise);
  const connection = scene.dial();
  await scene.clock.advance(10);
  const waiting = outcome(connection.call(scene.call()));
  await scene.clock.advance(10);
  return { answered, listener, connection, waiting };
}

describe("a network inside the process", () => {
  it("takes its latency for a connection, a call and its answer", async () => {
    const scene = new Scene(5);
    await scene.listen();
    const connection = scene.dial();
    await scene.clock.advance(9);
    expect(connection.state).toBe("connecting");
    await scene.clock.advance(1);
    expect(connection.state).toBe("ready");
    let answeredMs = 0;
    const from = scene.clock.now();
    void connection.call(scene.call()).then(() => (answeredMs = scene.clock.now() - from));
    await scene.clock.advance(4);
    expect(scene.arrived).toBe(0);
    await scene.clock.advance(20);
    expect(scene.arrived).toBe(1);
    expect(answeredMs).toBe(10);
  });

  it("gives the handler the time that was left when the call was sent", async () => {
    const scene = new Scene(5);
    let leftMs = 0;
    await scene.listen(async (call) => {
      leftMs = call.deadline - scene.clock.now();
      return answer();
    });
    const connection = scene.dial();
    await scene.clock.advance(10);
    void connection.call(scene.call(100));
    await scene.clock.advance(20);
    expect(leftMs).toBe(100);
  });

  it("refuses calls that reach a server which drains, and says so after their way back", async () => {
    const scene = new Scene(5);
    const listener = await scene.listen(never);
    const connection = scene.dial();
    await scene.clock.advance(10);
    const before = outcome(connection.call(scene.call()));
    await scene.clock.advance(5);
    void listener.drain();
    const late = outcome(connection.call(scene.call()));
    expect(connection.state).toBe("ready");
    await scene.clock.advance(5);
    expect(connection.state).not.toBe("ready");
    await scene.clock.advance(5);
    expect(await late).toBe(refused);
    expect(scene.arrived).toBe(1);
    await listener.close();
    expect(await before).toBe(dropped);
  });

  it("drops what was in flight when a process crashes, and refuses connections until another listens", async () => {
    const scene = new Scene(5);
    let cancelled = 0;
    await scene.listen((call) => {
      call.onCancel(() => cancelled++);
      return never();
    });
    const connection = scene.dial();
    await scene.clock.advance(10);
    const running = outcome(connection.call(scene.call()));
    await scene.clock.advance(5);
    const onItsWay = outcome(connection.call(scene.call()));
    scene.network.crash(address);
    expect(await Promise.all([running, onItsWay])).toEqual([dropped, dropped]);
    await scene.clock.advance(100);
    expect([connection.state, scene.arrived, cancelled]).toEqual(["failed", 1, 1]);
    await scene.listen();
    await scene.clock.advance(1_500);
    expect(connection.state).toBe("ready");
    scene.network.crash("127.0.0.1:81");
  });

  it("holds back what goes to and comes from a silent address, and lets it through in order", async () => {
    const scene = new Scene();
    const seen: string[] = [];
    await scene.listen(async (call) => {
      seen.push(String((call.request as { n?: number }).n));
      return answer();
    });
    const connection = scene.dial();
    await scene.clock.advance(0);
    scene.network.silence(address);
    const outcomes = [1, 2, 3].map((n) => outcome(connection.call(scene.call().with({ request: { n } }))));
    await scene.clock.advance(1_000);
    expect(seen).toEqual([]);
    scene.network.restore(address);
    expect(await Promise.all(outcomes)).toEqual(["ok", "ok", "ok"]);
    expect(seen).toEqual(["1", "2", "3"]);
  });

  it("lets through what a server that listens no more has sent to callers while the way was silent", async () => {
    const scene = new Scene(1);
    const { answered, listener, connection, waiting } = await callInFlight(scene);
    scene.network.silence(address);
    answered.resolve(answer());
    const drained = listener.drain();
    await scene.clock.advance(10);
    await drained;
    await listener.close();
    expect(connection.state).toBe("ready");
    scene.network.restore(address);
    expect(await waiting).toBe("ok");
    expect(connection.state).toBe("connecting");
    await connection.close(0);
  });

  it("keeps a connection after its GOAWAY for as long as a call is in flight on it", async () => {
    const scene = new Scene(1);
    const { answered, listener, connection, waiting } = await callInFlight(scene);
    const drained = listener.drain();
    await scene.clock.advance(10);
    expect(connection.state).toBe("failed");
    expect(listener.peers()).toHaveLength(1);
    answered.resolve(answer());
    await scene.clock.advance(10);
    await drained;
    expect(await waiting).toBe("ok");
    expect(listener.peers()).toEqual([]);
    await connection.close(0);
  });

  it("drops what was held back on a silent way when the server's process is killed", async () => {
    const scene = new Scene(1);
    await scene.listen();
    const connection = scene.dial();
    await scene.clock.advance(10);
    scene.network.silence(address);
    const waiting = outcome(connection.call(scene.call()));
    await scene.clock.advance(10);
    scene.network.crash(address);
    scene.network.restore(address);
    expect(await waiting).toBe(dropped);
    expect(scene.arrived).toBe(0);
    await connection.close(0);
  });

  it("gives up a silent peer after the keepalive when calls wait for it, and not before", async () => {
    const scene = new Scene();
    await scene.listen();
    const connection = scene.dial();
    await scene.clock.advance(0);
    scene.network.silence(address);
    await scene.clock.advance(60_000);
    expect(connection.state).toBe("ready");
    const waiting = outcome(connection.call(scene.call()));
    await scene.clock.advance(24_999);
    expect(connection.state).toBe("ready");
    await scene.clock.advance(1);
    expect(await waiting).toBe(dropped);
    expect(connection.state).toBe("connecting");
    await scene.clock.advance(2_000);
    expect(connection.state).toBe("failed");
    scene.network.restore(address);
    await scene.clock.advance(0);
    expect(connection.state).toBe("ready");
    expect(await outcome(connection.call(scene.call()))).toBe("ok");
  });

  it("does not give up a peer that was silent for less", async () => {
    const scene = new Scene();
    await scene.listen();
    const connection = scene.dial();
    await scene.clock.advance(0);
    scene.network.silence(address);
    const waiting = outcome(connection.call(scene.call()));
    await scene.clock.advance(20_000);
    scene.network.restore(address);
    expect(await waiting).toBe("ok");
    await scene.clock.advance(60_000);
    expect(connection.state).toBe("ready");
    expect(scene.clock.pending).toBe(0);
  });

  it("asks a port that refuses less and less often, and leaves no timer once closed", async () => {
    const scene = new Scene();
    const connection = scene.dial();
    const failed: number[] = [];
    await scene.clock.advance(0);
    for (const pauseMs of [100, 160, 256, 409.6, 655.36, 1_000, 1_000]) {
      expect(scene.clock.nextInMs).toBeCloseTo(pauseMs, 3);
      failed.push(pauseMs);
      await scene.clock.advance(scene.clock.nextInMs ?? 0);
    }
    expect(connection.state).toBe("failed");
    await connection.close(0);
    expect(scene.clock.pending).toBe(0);
  });

  it("refuses an address twice, and hands out ports of its own", async () => {
    const scene = new Scene();
    await scene.listen();
    await expect(scene.listen()).rejects.toThrow("cannot listen: address already in use 127.0.0.1:80");
    const free = memoryServerTransport(scene.network);
    const ports = await Promise.all(
      [1, 2].map(async () => (await free.listen([], never, new AbortController().signal)).port),
    );
    expect(new Set(ports).size).toBe(2);
  });

  it("does not hand the caller's async context to the handler", async () => {
    const scene = new Scene();
    const storage = new AsyncLocalStorage<string>();
    let seen: string | undefined = "nothing";
    await scene.listen(async () => {
      seen = storage.getStore();
      return answer();
    });
    const connection = scene.dial();
    await scene.clock.advance(0);
    await storage.run("the caller's", () => connection.call(scene.call()));
    expect(seen).toBeUndefined();
  });

  it("reveals what caused an error only when it is asked to", async () => {
    const cause = new Error("a bug");
    for (const revealCauses of [false, true]) {
      const scene = new Scene();
      const network = new MemoryNetwork({ clock: scene.clock, revealCauses });
      Object.assign(scene, { network });
      await scene.listen(() => Promise.reject(new RpcError(Code.Internal, "internal error", { cause })));
      const connection = scene.dial();
      await scene.clock.advance(0);
      await expect(connection.call(scene.call())).rejects.toMatchObject({
        cause: revealCauses ? cause : undefined,
      });
    }
  });
});

import { connect } from "node:http2";
import { expect, it } from "vitest";
import { pino } from "pino";
import { callOn, instance, method } from "../fixtures/contracts.js";
import { systemClock } from "../ports/clock.js";
import type { Transport } from "../ports/transport.js";
import { listen, type RpcServer } from "../server/create-server.js";
import type { BoundService } from "../server/dispatch.js";
import type { GrpcServerLimits } from "../transport/grpc/server-limits.js";
import { createGrpcServerTransport } from "../transport/grpc/server.js";
import { createGrpcTransport } from "../transport/grpc/transport.js";
import { createLinkService, type LinkIdentity, type LinkService } from "./link-service.js";
import { linkPath } from "./link-protocol.js";
import { linkedTransport } from "./linked-transport.js";

const service = "test.v1.Echo";

const logger = pino({ level: "silent" });

async function serve(
  identity: Partial<LinkIdentity> = {},
  services: readonly BoundService[] = [],
  limits: Partial<GrpcServerLimits> = {},
): Promise<{ links: LinkService; server: RpcServer }> {
  const links = createLinkService();
  links.identify({ instance: "a", incarnation: "1-a", app: "echo", services: [], ...identity });
  const server = await listen({
    services,
    internal: [links.bound],
    transport: createGrpcServerTransport({ host: "127.0.0.1", limits }),
    interceptors: [],
    edge: true,
    timeoutOf: () => undefined,
    clock: systemClock,
    logger,
  });
  return { links, server };
}

function caller(): Transport {
  const env = { clock: systemClock, random: Math.random, logger, caller: "c1" };
  return linkedTransport(createGrpcTransport(), env);
}

it("moves to the run of the instance that has answered, without another connection", async () => {
  const { server } = await serve({ incarnation: "2-b", services: [service] });
  const transport = caller();
  const address = `127.0.0.1:${server.listener.port}`;
  const record = instance("a", { service, address, features: ["link"] });
  const next = { ...record, incarnation: "2-b" };
  const old = transport.connect(record);
  await expect.poll(() => old.state).toBe("failed");
  expect(old.moveTo?.(record)).toBeUndefined();
  expect(old.moveTo?.({ ...next, id: "b" })).toBeUndefined();
  expect(old.moveTo?.({ ...next, incarnation: "3-c" })).toBeUndefined();
  expect(old.moveTo?.({ ...next, address: "127.0.0.1:1" })).toBeUndefined();
  const peers = server.listener.peers();
  expect(peers).toHaveLength(1);
  const moved = old.moveTo!(next)!;
  await old.close(Infinity);
  await expect.poll(() => moved.state).toBe("ready");
  expect(server.listener.peers()).toEqual(peers);
  // And it lives by itself from then on.
  const end = AbortSignal.timeout(5_000);
  await moved.ping!(end);
  expect(moved.moveTo?.(record)).toBeUndefined();
  await moved.close(0);
  await expect.poll(() => server.listener.peers()).toEqual([]);
  await server.listener.close();
});

it("becomes two connections while many calls are under way, and drains as one caller", async () => {
  const open = Promise.withResolvers<void>();
  const say = async (): Promise<object> => open.promise.then(() => ({}));
  const contract = { name: service, methods: { say: method() }, file: undefined as never };
  const { links, server } = await serve({ services: [service] }, [{ contract, implementation: { say } }]);
  const transport = caller();
  const address = `127.0.0.1:${server.listener.port}`;
  const connection = transport.connect(instance("a", { service, address, features: ["link"] }));
  await expect.poll(() => connection.state).toBe("ready");
  const answers: Promise<object>[] = [];
  const call = (count: number): void => {
    for (let n = 0; n < count; n++) answers.push(connection.call(callOn()));
  };
  call(17);
  await expect.poll(() => links.peers().size).toBe(2);
  call(47);
  await expect.poll(() => server.gate.inflight).toBe(64);
  expect(server.listener.peers().toSorted()).toEqual([...links.peers()].toSorted());
  const draining = links.drain(AbortSignal.timeout(5_000));
  expect(await draining).toEqual({ acknowledged: 1, missing: [] });
  expect(connection.state).toBe("draining");
  open.resolve();
  expect(await Promise.all(answers)).toHaveLength(64);
  await connection.close(0);
  await expect.poll(() => server.listener.peers()).toEqual([]);
  await server.listener.close();
});

it("has half of its server's streams under way with unary calls at once, however many come", async () => {
  const open = Promise.withResolvers<void>();
  let underWay = 0;
  let most = 0;
  const say = async (request: object): Promise<object> => {
    most = Math.max(most, ++underWay);
    await open.promise;
    underWay--;
    return request;
  };
  const contract = { name: service, methods: { say: method() }, file: undefined as never };
  const bound = { contract, implementation: { say } };
  const { server, links } = await serve({ services: [service] }, [bound], { maxConcurrentStreams: 40 });
  const address = `127.0.0.1:${server.listener.port}`;
  const connection = caller().connect(instance("a", { service, address, features: ["link"] }));
  await expect.poll(() => connection.state).toBe("ready");
  // All in one turn, when there is no second connection yet.
  const requests = Array.from({ length: 500 }, (_, n) => ({ text: "x".repeat(1_000), n }));
  const replies = requests.map((request) => connection.call(callOn(method(), { request })));
  await expect.poll(() => links.peers().size).toBe(2);
  await expect.poll(() => underWay).toBe(20);
  open.resolve();
  expect((await Promise.all(replies)).map((reply) => !reply.responseStream && reply.response)).toEqual(
    requests,
  );
  expect(most).toBe(20);
  await connection.close(0);
  await server.listener.close();
});

it("does not hold up a server that drains, though the caller hangs", async () => {
  const { links, server } = await serve();
  // It opens a link, acknowledges nothing and never ends its side, as a process that was stopped.
  const session = connect(`http://127.0.0.1:${server.listener.port}`);
  session.on("error", () => {});
  const headers = {
    ":method": "POST",
    ":path": linkPath,
    "content-type": "application/grpc",
    te: "trailers",
  };
  const stream = session.request(headers, { endStream: false });
  const trailers = new Promise<string | undefined>((resolve) =>
    stream.on("trailers", (each) => resolve(each["grpc-status"] as string | undefined)),
  );
  stream.on("error", () => {}).resume();
  await expect.poll(() => links.peers().size).toBe(1);
  expect(server.listener.peers()).toEqual([...links.peers()]);
  const bounded = AbortSignal.timeout(100);
  const { acknowledged, missing } = await links.drain(bounded);
  expect({ acknowledged, missing }).toEqual({ acknowledged: 0, missing: server.listener.peers() });
  const fromMs = performance.now();
  server.gate.begin();
  await server.listener.drain();
  expect(performance.now() - fromMs).toBeLessThan(3_000);
  expect(await trailers).toBe("0");
  session.destroy();
  await server.listener.close();
});

import { connect } from "node:http2";
import { expect, it } from "vitest";
import { pino } from "pino";
import { systemClock } from "../ports/clock.js";
import { listen } from "../server/create-server.js";
import { createGrpcServerTransport } from "../transport/grpc/server.js";
import { createLinkService } from "./link-service.js";
import { linkPath } from "./link-protocol.js";

it("does not hold up a server that drains, though the caller hangs", async () => {
  const links = createLinkService();
  links.identify({ instance: "a", incarnation: "1-a", app: "echo", services: [] });
  const server = await listen({
    services: [],
    internal: [links.bound],
    transport: createGrpcServerTransport({ host: "127.0.0.1" }),
    interceptors: [],
    edge: true,
    timeoutOf: () => undefined,
    clock: systemClock,
    logger: pino({ level: "silent" }),
  });
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

import { createChannel, createClient, createServer } from "nice-grpc";
import type { CallKind } from "../../dist/calls/kind.js";
import { EchoDefinition, type EchoServiceImplementation } from "./gen/ts-proto/bench/v1/echo.js";

const echo: EchoServiceImplementation = {
  say: async (request) => request,
};

export const kind: CallKind = {
  async serve() {
    const server = createServer();
    server.add(EchoDefinition, echo);
    const port = await server.listen("127.0.0.1:0");
    return { address: `127.0.0.1:${port}`, close: async () => server.forceShutdown() };
  },
  async connect(address) {
    const channel = createChannel(address);
    const client = createClient(EchoDefinition, channel);
    return {
      call: async (text) => (await client.say({ text })).text,
      close: async () => channel.close(),
    };
  },
};

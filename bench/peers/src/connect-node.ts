import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { CallKind } from "../../dist/calls/kind.js";
import { Echo } from "./gen/connect/bench/v1/echo_pb.js";

export const kind: CallKind = {
  async serve() {
    const handler = connectNodeAdapter({
      routes: (router) => router.service(Echo, { say: ({ text }) => ({ text }) }),
    });
    const server = createServer(handler).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return { address: `http://127.0.0.1:${port}`, close: async () => void server.close() };
  },
  async connect(baseUrl) {
    const sessionManager = new Http2SessionManager(baseUrl);
    // Of a client that accepts compression it would compress whatever is longer than 1 KiB; nobody else here does.
    const transport = createGrpcTransport({ baseUrl, sessionManager, acceptCompression: [] });
    await sessionManager.connect();
    const client = createClient(Echo, transport);
    return {
      call: async (text) => (await client.say({ text })).text,
      close: async () => sessionManager.abort(),
    };
  },
};

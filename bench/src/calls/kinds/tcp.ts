import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import type { CallKind } from "../kind.js";
import { callsOver, echo } from "./texts.js";

// The floor of whatever Node does over TCP: texts with their lengths, answered in their order, and nothing else.

export const tcp: CallKind = {
  async serve() {
    const server = createServer({ noDelay: true }, echo);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return { address: `127.0.0.1:${port}`, close: async () => void server.close() };
  },
  async connect(address) {
    const { hostname, port } = new URL(`tcp://${address}`);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return { call: callsOver(socket), close: async () => void socket.end() };
  },
};

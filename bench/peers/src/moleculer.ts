import { ServiceBroker, type Context } from "moleculer";
import type { CallKind } from "../../dist/calls/kind.js";
import { freePort } from "./free-port.js";

interface Text {
  readonly text: string;
}

/** A node of two that know each other's addresses and look for no others. */
function node(nodeID: "client" | "server", ports: string): ServiceBroker {
  const [server, client] = ports.split(",");
  return new ServiceBroker({
    nodeID,
    logger: false,
    transporter: {
      type: "TCP",
      options: {
        udpDiscovery: false,
        useHostname: false,
        urls: `127.0.0.1:${server}/server,127.0.0.1:${client}/client`,
      },
    },
    // The benchmark stops its processes itself.
    skipProcessEventRegistration: true,
  });
}

export const kind: CallKind = {
  async serve() {
    const ports = `${await freePort()},${await freePort()}`;
    const broker = node("server", ports);
    broker.createService({
      name: "echo",
      actions: { say: ({ params }: Context<Text>): Text => ({ text: params.text }) },
    });
    await broker.start();
    return { address: ports, close: () => broker.stop() };
  },
  async connect(ports) {
    const broker = node("client", ports);
    await broker.start();
    await broker.waitForServices("echo", 30_000);
    return {
      call: async (text) => (await broker.call<Text, Text>("echo.say", { text })).text,
      close: () => broker.stop(),
    };
  },
};

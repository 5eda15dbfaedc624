import { createApp, createClient, Service, type Handlers } from "@rollcall/app";
import { Echo } from "../../gen/bench/v1/echo.js";
import type { CallKind } from "../kind.js";

@Service(Echo)
class EchoService implements Handlers<Echo> {
  async say({ text }: { readonly text: string }): Promise<{ text: string }> {
    return { text };
  }
}

/** With every default, but for logs. */
function rollcall(lane: boolean): CallKind {
  return {
    async serve({ registry }) {
      const app = createApp({
        name: lane ? "lane" : "plain",
        services: [EchoService],
        host: "127.0.0.1",
        logLevel: "warn",
        registry,
        lane,
      });
      await app.start();
      return { address: registry, close: () => app.stop() };
    },
    async connect(address) {
      const client = createClient(Echo, { registry: address, lane });
      return {
        call: async (text) => (await client.say({ text })).text,
        close: async () => client[Symbol.asyncDispose](),
      };
    },
  };
}

export const rollcallLane: CallKind = rollcall(true);
export const rollcallPlain: CallKind = rollcall(false);

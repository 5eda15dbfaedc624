import { createClient } from "@rollcall/app";
import { pino } from "pino";
import { Echo } from "../gen/bench/v1/echo.js";
import { answerOrders } from "../processes/answer-orders.js";
import { idleMemory } from "./memory.js";
import type { ClientOrder } from "./orders.js";

// That some of a thousand connections, opened at once, come late is no news.
const logger = pino({ level: "error" });

const sockets = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === "TCPSocketWrap").length;

async function obey(order: ClientOrder): Promise<unknown> {
  switch (order.do) {
    case "start": {
      const client = createClient(Echo, { registry: order.registry, logger });
      // One more is that to the registry. Endpoints are picked at random; what it takes beyond this is something else.
      const lastMs = performance.now() + 60_000;
      while (sockets() <= order.endpoints) {
        if (performance.now() > lastMs)
          throw new Error(`connected to ${sockets()} of ${order.endpoints} endpoints in a minute`);
        await Promise.all(Array.from({ length: 64 }, () => client.say({})));
      }
      return sockets();
    }
    case "memory":
      return idleMemory();
    case "stop":
  }
  return undefined;
}

answerOrders(obey);

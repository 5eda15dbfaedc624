import { createApp, openRegistry, type App, type AppOptions, type RegistryBackend } from "@rollcall/app";
import { pino } from "pino";
import { grpcJs } from "../calls/kinds/grpc-js.js";
import { answerOrders } from "../processes/answer-orders.js";
import { EchoService } from "./echo-service.js";
import { idleMemory } from "./memory.js";
import type { InstanceOrder } from "./orders.js";

const logger = pino({ level: "warn" });
let apps: App[] = [];
let registeredNs = 0n;

const options = (registry: AppOptions["registry"]): AppOptions => ({
  name: "echo",
  services: [EchoService],
  host: "127.0.0.1",
  logLevel: "warn",
  registry,
});

/** A registry that notes when it was asked to publish somebody. */
function noting(url: string): RegistryBackend {
  const { backend } = openRegistry(url, logger);
  const register = backend.register.bind(backend);
  backend.register = (...args) => {
    registeredNs = process.hrtime.bigint();
    return register(...args);
  };
  return backend;
}

async function obey(order: InstanceOrder): Promise<unknown> {
  switch (order.do) {
    case "start": {
      const registry = noting(order.registry);
      apps = Array.from({ length: order.apps }, () => createApp(options(registry)));
      // Not all at once, as no fleet starts.
      for (let n = 0; n < apps.length; n += 10)
        await Promise.all(apps.slice(n, n + 10).map((app) => app.start()));
      return registeredNs.toString();
    }
    case "leave":
      await Promise.all(apps.map((app) => app.stop()));
      break;
    case "run": {
      const app = createApp(options(order.registry));
      void app.run().finally(() => process.exit());
      return `${process.pid}`;
    }
    case "grpc-js":
      await grpcJs.serve({ registry: "" });
      break;
    case "memory":
      return idleMemory();
    case "stop":
  }
  return undefined;
}

answerOrders(obey);

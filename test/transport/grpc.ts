import { createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { createGrpcServerTransport, createGrpcTransport, systemClock } from "@rollcall/core";
import { expect } from "vitest";
import type { TransportUnderTest } from "./scene.js";

/** gRPC on this machine. */
export const grpc: TransportUnderTest = {
  clock: systemClock,
  transport: createGrpcTransport(),
  serverTransport: (port) => createGrpcServerTransport({ host: "127.0.0.1", port }),
  addressOf: (port) => `127.0.0.1:${port}`,
  freePort: () =>
    new Promise((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
      });
    }),
  pass: (ms) => setTimeout(ms),
  eventually: (check) => expect.poll(check, { interval: 5, timeout: 5_000 }).toBe(true),
};

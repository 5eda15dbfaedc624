import { setTimeout } from "node:timers/promises";
import { createGrpcServerTransport, createGrpcTransport, systemClock } from "@rollcall/core";
import { expect } from "vitest";
import { holdPort } from "../../packages/testing/src/ports/held-port.js";
import type { TransportUnderTest } from "./scene.js";

/** gRPC on this machine. */
export const grpc: TransportUnderTest = {
  clock: systemClock,
  transport: createGrpcTransport(),
  serverTransport: (port) => createGrpcServerTransport({ host: "127.0.0.1", port }),
  addressOf: (port) => `127.0.0.1:${port}`,
  holdPort,
  pass: (ms) => setTimeout(ms),
  eventually: (check) => expect.poll(check, { interval: 5, timeout: 5_000 }).toBe(true),
};

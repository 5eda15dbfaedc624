import { createApp, createGrpcServerTransport, memoryRegistry } from "@rollcall/app";
import type { ServerCredentials } from "@grpc/grpc-js";
import type { InteropServer } from "./interop-server.js";
import { InteropTestService } from "./test-service.js";

/** grpc.testing.TestService in a Rollcall app. */
export async function startRollcallServer(credentials?: ServerCredentials): Promise<InteropServer> {
  const app = createApp({
    name: "interop",
    services: [InteropTestService],
    registry: memoryRegistry(),
    host: "127.0.0.1",
    serverTransport: createGrpcServerTransport({ host: "127.0.0.1", credentials }),
    propagationDelayMs: 0,
    logLevel: "error",
    env: {},
  });
  await app.start();
  return { address: app.address, [Symbol.asyncDispose]: () => app.force() };
}

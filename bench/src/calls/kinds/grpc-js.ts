import {
  credentials,
  makeClientConstructor,
  Server,
  ServerCredentials,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { file } from "../../gen/bench/v1/echo.js";
import type { CallKind } from "../kind.js";

interface Text {
  readonly text: string;
}
type Answer = (error: Error | null, answer?: Text) => void;

/** As proto-loader makes it. */
const definition = file.service("bench.v1.Echo") as unknown as ServiceDefinition;

export const grpcJs: CallKind = {
  async serve() {
    const server = new Server();
    server.addService(definition, {
      Say: (call: { readonly request: Text }, callback: Answer) => callback(null, call.request),
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return { address: `127.0.0.1:${port}`, close: async () => server.forceShutdown() };
  },
  async connect(address) {
    const Client = makeClientConstructor(definition, "Echo");
    const client = new Client(address, credentials.createInsecure()) as unknown as {
      Say(request: Text, callback: Answer): void;
      close(): void;
    };
    return {
      call: (text) =>
        new Promise((resolve, reject) => {
          client.Say({ text }, (error, answer) => (error ? reject(error) : resolve(answer!.text)));
        }),
      close: async () => client.close(),
    };
  },
};

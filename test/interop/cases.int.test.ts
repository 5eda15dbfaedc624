import { createGrpcTransport } from "@rollcall/app";
import { afterAll, beforeAll, describe, test } from "vitest";
import { Certificates } from "../registry/certificates.js";
import { cases } from "./cases.js";
import type { InteropClient } from "./conversation.js";
import { describeGo } from "./describe-go.js";
import { runGoCase, startGoServer } from "./go-process.js";
import type { InteropServer } from "./interop-server.js";
import { plainClient } from "./plain-client.js";
import { startPlainServer } from "./plain-server.js";
import { ResultTable } from "./result-table.js";
import { rollcallClient } from "./rollcall-client.js";
import { startRollcallServer } from "./rollcall-server.js";
import { insecure, tls, type Security } from "./security.js";

const certificates = new Certificates();
const securities = [insecure, tls(certificates)];
const results = new ResultTable();

afterAll(() => {
  console.log(`gRPC interop cases, by client and server\n${results.format()}`);
  certificates[Symbol.dispose]();
});

const rollcall = (address: string, { channel }: Security): InteropClient =>
  rollcallClient(address, createGrpcTransport({ credentials: channel }));
const plain = (address: string, { channel }: Security): InteropClient => plainClient(address, channel);

/** All cases from one kind of client to one kind of server. */
function pair(
  clientName: string,
  connect: (address: string, security: Security) => InteropClient,
  serverName: string,
  start: (security: Security) => Promise<InteropServer>,
): void {
  describe.each(securities)(`${clientName} to ${serverName}, $name`, (security) => {
    let server: InteropServer;
    let client: InteropClient;
    beforeAll(async () => {
      server = await start(security);
      client = connect(server.address, security);
      // Connected, whichever case comes first: a call of a millisecond does not wait for that.
      await cases[0]!.run(client);
    });
    afterAll(async () => {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });
    const column = columnOf(clientName, serverName, security);
    test.each(cases)("$name", ({ name, run }) => results.record(name, column, () => run(client)));
  });
}

function columnOf(client: string, server: string, { name }: Security): string {
  return `${client} > ${server}${name === "TLS" ? " TLS" : ""}`;
}

pair("grpc-js", plain, "Rollcall", ({ server }) => startRollcallServer(server));
pair("Rollcall", rollcall, "grpc-js", ({ server }) => startPlainServer(server));
pair("Rollcall", rollcall, "Rollcall", ({ server }) => startRollcallServer(server));

await describeGo("with Go", (binary) => {
  const startGo = ({ goServer }: Security): Promise<InteropServer> => startGoServer(binary, goServer);
  pair("Rollcall", rollcall, "Go", startGo);
  // Our list of cases, held against the official server.
  pair("grpc-js", plain, "Go", startGo);

  describe.each(securities)("Go to Rollcall, $name", (security) => {
    let server: InteropServer;
    beforeAll(async () => {
      server = await startRollcallServer(security.server);
    });
    afterAll(() => server[Symbol.asyncDispose]());
    const column = columnOf("Go", "Rollcall", security);
    test.each(cases)("$name", ({ name }) =>
      results.record(name, column, () =>
        runGoCase(binary, name, ["-address", server.address, ...security.goClient]),
      ),
    );
  });
});

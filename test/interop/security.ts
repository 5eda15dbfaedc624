import { readFileSync } from "node:fs";
import { credentials, ServerCredentials, type ChannelCredentials } from "@grpc/grpc-js";
import type { Certificates } from "../registry/certificates.js";

/** How a client and a server of the interop cases talk. */
export interface Security {
  readonly name: "insecure" | "TLS";
  readonly channel: ChannelCredentials;
  readonly server: ServerCredentials;
  /** The same for the Go side. */
  readonly goClient: readonly string[];
  readonly goServer: readonly string[];
}

export const insecure: Security = {
  name: "insecure",
  channel: credentials.createInsecure(),
  server: ServerCredentials.createInsecure(),
  goClient: [],
  goServer: [],
};

/** Verified by an authority of our own. */
export function tls({ ca, serverCert, serverKey }: Certificates): Security {
  const pair = { cert_chain: readFileSync(serverCert), private_key: readFileSync(serverKey) };
  return {
    name: "TLS",
    channel: credentials.createSsl(readFileSync(ca)),
    server: ServerCredentials.createSsl(null, [pair]),
    goClient: ["-ca", ca],
    goServer: ["-cert", serverCert, "-key", serverKey],
  };
}

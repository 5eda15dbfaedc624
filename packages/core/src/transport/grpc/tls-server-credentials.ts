import { ServerCredentials } from "@grpc/grpc-js";
import type { CertificateProvider } from "../../tls/certificate-provider.js";
import type { Certificates } from "../../tls/certificates.js";

/**
 * What a server wants of its clients' certificates. `require`: only connections with a valid one are made; `request`:
 * clients may be without; `none`: they are not asked.
 */
export type ClientAuth = "require" | "request" | "none";

/** TLS for a server. New connections get the certificates that are current; session tickets of older ones end with them. */
export class TlsServerCredentials extends ServerCredentials {
  constructor(certificates: CertificateProvider, clientAuth: ClientAuth) {
    const options = {
      requestCert: clientAuth !== "none",
      rejectUnauthorized: clientAuth === "require",
    };
    super(options, contextOf(certificates.current));
    certificates.onChange((next) => this.updateSecureContextOptions(contextOf(next)));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf({ pem }: Certificates): { cert?: Buffer; key?: Buffer; ca?: Buffer } {
  const { certFile, keyFile, caFile } = pem;
  return {
    ...(certFile ? { cert: certFile } : {}),
    ...(keyFile ? { key: keyFile } : {}),
    ...(caFile ? { ca: caFile } : {}),
  };
}

import type { CertificateProvider, Lifecycle } from "@rollcall/core";

/** Keeps the certificates current for as long as anything of the app may connect. */
export function certificatesPart(certificates: CertificateProvider): Lifecycle {
  return {
    name: "certificates",
    start: async () => certificates.start(),
    stop: async () => certificates.close(),
  };
}

import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { ConfigError } from "../errors.js";
import { altNamesOf } from "./alt-names.js";
import { identityOf, isDnsName } from "./peer-identity.js";

/** SPIFFE-ID, 2: a trust domain and a path without empty, `.` and `..` segments. */
const spiffeId = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;

/** For errors: what a server's name may be. */
export const allowedServerNames =
  "a DNS name, an IP address or a SPIFFE id (spiffe://trust-domain/path), with {service} and {name} for those of the contract";

/** Whether an id is one of SPIFFE, in its one way to be written. */
export function isSpiffeId(id: string): boolean {
  return id.length <= 2_048 && spiffeId.test(id);
}

/**
 * The name that the servers of a contract must prove: `{service}` stands for the contract's full name
 * (`shop.v1.OrderHistory`), `{name}` for its last part as DNS and Kubernetes write names (`order-history`).
 * @throws ConfigError when what comes out is no name
 */
export function expandServerName(template: string, service: string): string {
  const last = service.slice(service.lastIndexOf(".") + 1);
  const name = last.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "-").toLowerCase();
  const expanded = template.replaceAll("{service}", service).replaceAll("{name}", name);
  if (isSpiffeId(expanded) || isIP(expanded) !== 0 || isDnsName(expanded)) return expanded;
  throw new ConfigError(
    `tls.serverName for ${service} is ${JSON.stringify(expanded)}; allowed: ${allowedServerNames}`,
  );
}

/** What TLS announces to the server: only DNS names may be (RFC 6066, 3). */
export function sniOf(serverName: string): string {
  return isIP(serverName) === 0 && isDnsName(serverName) ? serverName : "";
}

/**
 * Whether a certificate, whose signatures have been verified, is for the server that is expected. A SPIFFE id must be its
 * one and only URI, letter by letter. DNS names may be matched by a wildcard in the whole leftmost label (RFC 9525). The
 * common name does not count.
 */
export function certifies(certificate: X509Certificate, serverName: string): boolean {
  if (serverName.startsWith("spiffe:")) return identityOf(certificate) === serverName;
  if (isIP(serverName) !== 0) return certificate.checkIP(serverName) !== undefined;
  return certificate.checkHost(serverName, { subject: "never", partialWildcards: false }) !== undefined;
}

/** For messages: what a certificate is for, at most a few of its names. */
export function describeNames(certificate: X509Certificate): string {
  const names = altNamesOf(certificate);
  const all = names ? [...names.uris, ...names.dnsNames] : [];
  const shown = all.slice(0, 5).map((name) => JSON.stringify(name.slice(0, 256)));
  if (all.length > shown.length) shown.push(`${all.length - shown.length} more`);
  return shown.length > 0 ? shown.join(", ") : "no name";
}

import type { X509Certificate } from "node:crypto";
import { altNamesOf } from "./alt-names.js";

/** RFC 1123 and underscores; no wildcards: they say for what a certificate may be used, not whose it is. */
const dnsName =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;
/** Printable ASCII without blanks, quotes, commas and backslashes, after a scheme: nothing that is a DNS name too. */
const uri = /^(?=.{1,2048}$)[a-z][a-z0-9+.-]*:\/\/[!#-+\--[\]-~]+$/i;

export function isDnsName(text: string): boolean {
  return dnsName.test(text);
}

/** Whether it can be what `identityOf` returns. */
export function isIdentity(text: string): boolean {
  return uri.test(text) || dnsName.test(text);
}

/**
 * Who a verified certificate is for: its URI (a SPIFFE id, as an X.509-SVID has it) when it has exactly one; without any
 * URI, its first DNS name. The subject does not count.
 * @returns undefined for a certificate without such a name, with more than one URI, or with one that is not plain
 */
export function identityOf(certificate: X509Certificate): string | undefined {
  const names = altNamesOf(certificate);
  if (!names || names.uris.length > 1) return undefined;
  const [only] = names.uris;
  if (only !== undefined) return uri.test(only) ? only : undefined;
  const [first] = names.dnsNames;
  return first !== undefined && dnsName.test(first) ? first : undefined;
}

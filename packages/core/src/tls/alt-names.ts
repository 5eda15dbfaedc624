import type { X509Certificate } from "node:crypto";

/** The names in a certificate that can stand for a peer. */
export interface AltNames {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
}

/**
 * One entry as Node writes it, and what stands before the next: values with a comma, quote, backslash or anything but
 * printable ASCII are JSON strings, so that no name can look like two (CVE-2021-44532).
 */
const entry = /^([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/;

/**
 * The subject alternative names of a certificate, as they are in it; names in the subject do not count.
 * @returns undefined when Node's text of them is not as expected: such a certificate has no name at all
 */
export function altNamesOf(certificate: X509Certificate): AltNames | undefined {
  return parseAltNames(certificate.subjectAltName ?? "");
}

/** As `altNamesOf`, from `X509Certificate.subjectAltName`. */
export function parseAltNames(text: string): AltNames | undefined {
  const names: { uris: string[]; dnsNames: string[] } = { uris: [], dnsNames: [] };
  let rest = text;
  while (rest !== "") {
    const match = entry.exec(rest);
    if (!match) return undefined;
    const [whole, type, written = ""] = match;
    // A comma at the very end would be the beginning of an entry that is not there.
    if (whole.length === rest.length && whole.endsWith(", ")) return undefined;
    rest = rest.slice(whole.length);
    const value = written.startsWith('"') ? unquoted(written) : written;
    if (value === undefined) return undefined;
    if (type === "URI") names.uris.push(value);
    if (type === "DNS") names.dnsNames.push(value);
  }
  return names;
}

function unquoted(written: string): string | undefined {
  try {
    return JSON.parse(written) as string;
  } catch {
    return undefined;
  }
}

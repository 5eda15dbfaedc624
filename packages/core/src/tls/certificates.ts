import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";

/** Which files a process proves itself with and judges others by. */
export interface CertificateFiles {
  /** PEM: the process's certificate, then those between it and the authority. Together with `keyFile`. */
  readonly certFile?: string | undefined;
  /** PEM: its private key, not encrypted. */
  readonly keyFile?: string | undefined;
  /** PEM: the authorities that must have signed the certificates of peers. Default: those that Node knows. */
  readonly caFile?: string | undefined;
}

/** What was in them. */
export type PemContents = { readonly [F in keyof CertificateFiles]?: Buffer | undefined };

/** Certificates that fit together, ready for use. */
export interface Certificates {
  readonly pem: PemContents;
  readonly context: SecureContext;
  /** When the process's own certificate ends, as an ISO date; undefined without one. */
  readonly notAfter: string | undefined;
}

/** Names the file; never what is in it. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/**
 * Puts together what was read from the files.
 * @throws CertificateError when a file holds something else, is not whole, or the key does not fit the certificate
 */
export function loadCertificates(files: CertificateFiles, pem: PemContents): Certificates {
  const [leaf] = pem.certFile ? certificatesIn("certFile", files, pem.certFile) : [];
  if (pem.caFile) certificatesIn("caFile", files, pem.caFile);
  if (leaf && pem.keyFile && !leaf.checkPrivateKey(keyIn(files, pem.keyFile)))
    throw new CertificateError(
      `the key in ${files.keyFile} (keyFile) does not fit the first certificate in ${files.certFile} (certFile)`,
    );
  return {
    pem,
    context: contextOf(files, pem),
    notAfter: leaf && isoOf(leaf.validTo),
  };
}

/** Why a process should not begin to use its certificate, if there is a reason. */
export function outOfDate({ pem }: Certificates, nowMs: number): string | undefined {
  if (!pem.certFile) return undefined;
  const { validFrom, validTo } = new X509Certificate(pem.certFile);
  if (Date.parse(validTo) <= nowMs) return `expired on ${isoOf(validTo)}`;
  if (Date.parse(validFrom) > nowMs) return `is not valid before ${isoOf(validFrom)}`;
  return undefined;
}

function isoOf(date: string): string {
  return new Date(date).toISOString();
}

function certificatesIn(
  file: keyof CertificateFiles,
  files: CertificateFiles,
  pem: Buffer,
): X509Certificate[] {
  const blocks = pem.toString("latin1").match(block) ?? [];
  const certificates = blocks.filter((each) => /^-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/.test(each));
  if (certificates.length === 0)
    throw new CertificateError(`${files[file]} (${file}) holds no PEM certificate`);
  return certificates.map((each, at) => {
    try {
      return new X509Certificate(each);
    } catch {
      throw new CertificateError(`certificate ${at + 1} in ${files[file]} (${file}) cannot be read`);
    }
  });
}

function keyIn(files: CertificateFiles, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const { code } = error as { code?: string };
    const why = code === "ERR_MISSING_PASSPHRASE" ? "is encrypted" : "holds no PEM private key";
    throw new CertificateError(`${files.keyFile} (keyFile) ${why}`);
  }
}

/** The last word is OpenSSL's: a key that is too short, say. */
function contextOf(files: CertificateFiles, { certFile, keyFile, caFile }: PemContents): SecureContext {
  try {
    return createSecureContext({ cert: certFile, key: keyFile, ca: caFile });
  } catch (error) {
    const { code = "unknown error" } = error as { code?: string };
    const names = Object.values(files).filter(Boolean).join(", ");
    throw new CertificateError(`TLS cannot use ${names}: ${code}`);
  }
}

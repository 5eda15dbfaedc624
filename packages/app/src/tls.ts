import {
  createCertificateProvider,
  ConfigError,
  type CertificateProvider,
  type Clock,
  type ServerTlsOptions,
} from "@rollcall/core";
import type { Logger } from "pino";
import { readTlsSettings, type TlsOptions, type TlsSettings } from "./tls-settings.js";

export type { TlsOptions };

/** TLS as an app or client has it. */
export interface Tls extends TlsSettings {
  readonly certificates: CertificateProvider;
}

interface TlsInput {
  readonly tls?: boolean | TlsOptions | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * The settings of TLS with the files they name, or undefined where there is none.
 * @throws ConfigError naming the option or variable, and the file
 */
export function openTls(input: TlsInput, env: { clock: Clock; logger: Logger }): Tls | undefined {
  const settings = readTlsSettings(input.tls, input.env);
  return settings && { ...settings, certificates: createCertificateProvider(settings, env) };
}

/** @throws ConfigError when there is TLS, but nothing that a server could prove itself with */
export function serverTls(tls: Tls | undefined): ServerTlsOptions | undefined {
  if (tls && tls.certFile === undefined)
    throw new ConfigError(
      "option tls: an app serves, so it needs certFile and keyFile (ROLLCALL_TLS_CERT_FILE, ROLLCALL_TLS_KEY_FILE)",
    );
  return tls;
}

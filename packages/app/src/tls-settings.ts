import { inspect } from "node:util";
import {
  allowedServerNames,
  ConfigError,
  expandServerName,
  isIdentity,
  type CertificateFiles,
  type ClientAuth,
} from "@rollcall/core";
import { z } from "zod";
import { boolean, listOf, readTable, setting, type SettingsTable } from "./settings.js";

/** With which certificates an app serves and calls, and whom it trusts. Each has a variable, which wins. */
export interface TlsOptions extends CertificateFiles {
  /**
   * What the server wants of clients' certificates: `require`, `request` (they may be without) or `none`. Default
   * `require` with a `caFile`, else `none`.
   */
  readonly clientAuth?: ClientAuth | undefined;
  /**
   * The identities that may call: SPIFFE ids or DNS names, exactly as in `ctx.peer.identity`. Default: whoever has a
   * certificate of the authorities in `caFile`.
   */
  readonly allowedPeers?: readonly string[] | undefined;
  /**
   * Whom servers must prove to be, for clients that do not say: a DNS name, an IP address or a SPIFFE id. `{service}`
   * stands for the contract's full name, `{name}` for its last part as DNS writes it. Default `{service}`.
   */
  readonly serverName?: string | undefined;
}

export interface TlsSettings extends CertificateFiles {
  readonly clientAuth: ClientAuth;
  readonly allowedPeers: readonly string[] | undefined;
  readonly serverName: string;
}

type Given = { readonly [K in keyof TlsOptions]-?: TlsOptions[K] };

const file = z.string().regex(/^(?!-----BEGIN)[^\0\r\n]+$/);
const template = z.string().refine((text) => {
  try {
    return Boolean(expandServerName(text, "shop.v1.Orders"));
  } catch {
    return false;
  }
});

const table: SettingsTable<Given> = {
  certFile: setting<string | undefined>("ROLLCALL_TLS_CERT_FILE", file, "the path of a PEM file", undefined),
  keyFile: setting<string | undefined>("ROLLCALL_TLS_KEY_FILE", file, "the path of a PEM file", undefined),
  caFile: setting<string | undefined>("ROLLCALL_TLS_CA_FILE", file, "the path of a PEM file", undefined),
  clientAuth: setting<ClientAuth | undefined>(
    "ROLLCALL_TLS_CLIENT_AUTH",
    z.enum(["require", "request", "none"]),
    "require, request or none",
    undefined,
  ),
  allowedPeers: setting<readonly string[] | undefined>(
    "ROLLCALL_TLS_ALLOWED_PEERS",
    listOf(z.string().refine(isIdentity)).refine((all) => all.length > 0),
    "SPIFFE ids or DNS names, at least one; with commas between them in the variable",
    undefined,
  ),
  serverName: setting<string | undefined>(
    "ROLLCALL_TLS_SERVER_NAME",
    template,
    allowedServerNames,
    undefined,
  ),
};

const onOff: SettingsTable<{ tls: boolean | undefined }> = {
  tls: setting<boolean | undefined>("ROLLCALL_TLS", boolean, "true or false", undefined),
};

export const tlsTable: SettingsTable<Given & { tls: boolean | undefined }> = { ...onOff, ...table };

/**
 * What option and variables say of TLS; undefined for plain text. `ROLLCALL_TLS` switches it on or off; without it there
 * is TLS where the option or any other `ROLLCALL_TLS_*` variable is set.
 * @throws ConfigError that names the option or variable, its value and what is allowed
 */
export function readTlsSettings(
  option: boolean | TlsOptions | undefined,
  env: NodeJS.ProcessEnv = process.env,
): TlsSettings | undefined {
  if (option !== undefined && typeof option !== "boolean" && !isOptions(option))
    throw new ConfigError(
      `option tls is ${inspect(option, { depth: 0 })}; allowed: true, false or its options`,
    );
  const { tls: switched } = readTable(onOff, {}, env);
  const given = readTable(table, typeof option === "object" ? option : {}, env, "tls.");
  // Who deploys with certificates must not get plain text because the code says so.
  const deployed = Object.values(readTable(table, {}, env)).some((each) => each !== undefined);
  if (!(switched ?? (deployed || Boolean(option)))) return undefined;
  const { caFile, allowedPeers } = given;
  const clientAuth = given.clientAuth ?? (caFile === undefined ? "none" : "require");
  if (clientAuth !== "none" && caFile === undefined)
    throw new ConfigError(
      `option tls.clientAuth is ${clientAuth}, which needs tls.caFile (ROLLCALL_TLS_CA_FILE): the authorities of clients`,
    );
  if (allowedPeers && clientAuth !== "require")
    throw new ConfigError(
      `option tls.allowedPeers needs tls.clientAuth require and tls.caFile; clientAuth is ${clientAuth}`,
    );
  return { ...given, clientAuth, serverName: given.serverName ?? "{service}" };
}

function isOptions(option: unknown): option is TlsOptions {
  return typeof option === "object" && option !== null && !Array.isArray(option);
}

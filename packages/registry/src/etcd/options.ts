import { readFileSync } from "node:fs";
import { ConfigError, withoutCredentials, type Clock } from "@rollcall/core";
import type { Logger } from "pino";

/** Certificates in PEM. They are read once: a renewed one needs a new registry. */
export interface EtcdTls {
  /** Who signed etcd's certificate. Default: the authorities Node knows. */
  readonly ca?: Buffer | string | undefined;
  /** The client's certificate, for mutual TLS; together with `key`. */
  readonly cert?: Buffer | string | undefined;
  readonly key?: Buffer | string | undefined;
}

/** How an `etcdRegistry` reaches etcd and what it writes there. */
export interface EtcdOptions {
  /** `host:port` of the members, at least one. */
  readonly endpoints: readonly string[];
  /** Put before every key, for several environments in one etcd: `staging` makes `staging/services/...`. Default none. */
  readonly keyPrefix?: string | undefined;
  /** How long records outlive a process that died. Default 15 000; at least 2000, rounded up to seconds by etcd. */
  readonly ttlMs?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** `true`: TLS with the authorities Node knows. Default: plain text. */
  readonly tls?: EtcdTls | boolean | undefined;
  /** The longest one call to etcd, or opening one stream, may take. Default 3000. */
  readonly dialTimeoutMs?: number | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
  /** From 0 up to 1, for jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** What `etcdRegistry` takes: the options, or a URL and the options it leaves out. An option wins over the URL. */
export type EtcdRegistryOptions = EtcdOptions | ({ readonly url: string } & Partial<EtcdOptions>);

const usage =
  "etcd://[user:password@]host:port[,host:port...][/key-prefix][?tls=true&ca=<file>&cert=<file>&key=<file>&ttlMs=15000&dialTimeoutMs=3000]";
const parameters = ["tls", "ca", "cert", "key", "ttlMs", "dialTimeoutMs"];
const endpointShape = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?):\d{1,5}$/;

/**
 * Reads `etcd://user:pw@10.0.0.1:2379,10.0.0.2:2379/prefix?tls=true`. User and password are percent-decoded; a member
 * without a port is on 2379; `ca`, `cert` and `key` name PEM files and imply `tls`.
 * @throws ConfigError that says what to change, and never shows the password
 */
export function parseEtcdUrl(url: string): EtcdOptions {
  const match = /^etcd:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url);
  if (!match) throw new ConfigError(`registry is not a URL for etcd: expected ${usage}`);
  const [, userInfo, hosts = "", path, query] = match;
  const given = new URLSearchParams(query);
  for (const name of given.keys())
    if (!parameters.includes(name))
      throw new ConfigError(
        `registry has an unknown parameter "${name}": allowed are ${parameters.join(", ")}`,
      );
  const endpoints = hosts.split(",").map((host) => withPort(host.trim()));
  const tls = tlsOf(given);
  return {
    endpoints,
    ...credentialsOf(userInfo),
    ...(path ? { keyPrefix: decode(path, "key prefix") } : {}),
    ...(tls === undefined ? {} : { tls }),
    ...numberOf(given, "ttlMs"),
    ...numberOf(given, "dialTimeoutMs"),
  };
}

/** Options as checked, with their defaults. */
export interface EtcdSettings {
  readonly endpoints: readonly string[];
  /** Empty, or ending in a slash. */
  readonly keyPrefix: string;
  readonly ttlMs: number;
  readonly dialTimeoutMs: number;
  readonly user?: { readonly name: string; readonly password: string };
  readonly tls?: EtcdTls;
}

/** @throws ConfigError that says which option to change */
export function checkOptions(given: EtcdRegistryOptions): EtcdSettings {
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options = { ...("url" in given ? parseEtcdUrl(given.url) : {}), ...defined } as Partial<EtcdOptions>;
  const {
    endpoints = [],
    keyPrefix = "",
    ttlMs = 15_000,
    dialTimeoutMs = 3000,
    username,
    password,
  } = options;
  if (endpoints.length === 0)
    throw new ConfigError("etcd endpoints: none given; expected host:port of the members");
  for (const endpoint of endpoints)
    if (!endpointShape.test(endpoint))
      throw new ConfigError(
        `etcd endpoint "${shownMember(endpoint)}" is not host:port; TLS is set by the option tls`,
      );
  if (!(ttlMs >= 2000 && ttlMs <= 3_600_000))
    throw new ConfigError(`etcd ttlMs ${ttlMs} is not from 2000 to 3600000`);
  if (!(dialTimeoutMs >= 100 && dialTimeoutMs <= 60_000))
    throw new ConfigError(`etcd dialTimeoutMs ${dialTimeoutMs} is not from 100 to 60000`);
  if ((username === undefined) !== (password === undefined))
    throw new ConfigError("etcd username and password belong together: one of them is missing");
  const tls = options.tls === true ? {} : options.tls || undefined;
  if (tls && (tls.cert === undefined) !== (tls.key === undefined))
    throw new ConfigError("etcd tls: cert and key belong together: one of them is missing");
  return {
    endpoints,
    keyPrefix: prefixOf(keyPrefix),
    ttlMs,
    dialTimeoutMs,
    ...(username === undefined || password === undefined ? {} : { user: { name: username, password } }),
    ...(tls ? { tls } : {}),
  };
}

/** etcd's own clients strip one leading slash of a target, so keys start without. */
function prefixOf(given: string): string {
  const bare = given.replaceAll(/^\/+|\/+$/g, "");
  return bare === "" ? "" : `${bare}/`;
}

function withPort(host: string): string {
  const endpoint = /:\d+$/.test(host) && !host.endsWith("]") ? host : `${host}:2379`;
  if (!endpointShape.test(endpoint))
    throw new ConfigError(`registry member "${shownMember(host)}" is not host:port: expected ${usage}`);
  return endpoint;
}

/** As messages show it: a password may stand where a host or a port is meant. */
function shownMember(text: string): string {
  if (text.includes("//")) return withoutCredentials(text);
  return text.replace(/^.*@/s, "***@").replace(/:(?!\d+$).*$/s, ":***");
}

function credentialsOf(userInfo: string | undefined): Pick<EtcdOptions, "username" | "password"> {
  if (userInfo === undefined) return {};
  const colon = userInfo.indexOf(":");
  if (colon < 1) throw new ConfigError(`registry credentials are not user:password: expected ${usage}`);
  return {
    username: decode(userInfo.slice(0, colon), "user"),
    password: decode(userInfo.slice(colon + 1), "password"),
  };
}

function decode(part: string, what: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ConfigError(`registry ${what} is not percent-encoded: a % in it is written %25`);
  }
}

function tlsOf(given: URLSearchParams): EtcdTls | boolean | undefined {
  const flag = given.get("tls");
  if (flag !== null && !["true", "false"].includes(flag))
    throw new ConfigError(`registry parameter tls is "${flag}": allowed are true and false`);
  const files = (["ca", "cert", "key"] as const).flatMap((name) => {
    const file = given.get(name);
    return file === null ? [] : [[name, pemOf(name, file)] as const];
  });
  if (files.length === 0) return flag === null ? undefined : flag === "true";
  if (flag === "false") throw new ConfigError("registry parameter tls is false, but certificates are given");
  return Object.fromEntries(files);
}

function pemOf(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError(`registry parameter ${name} names a file that cannot be read: ${file}`, {
      cause: error,
    });
  }
}

function numberOf(given: URLSearchParams, name: "ttlMs" | "dialTimeoutMs"): Partial<EtcdOptions> {
  const value = given.get(name);
  if (value === null) return {};
  if (!/^\d+$/.test(value))
    throw new ConfigError(`registry parameter ${name} is "${value}": expected a number of milliseconds`);
  return { [name]: Number(value) };
}

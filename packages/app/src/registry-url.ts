import { ConfigError, type RegistryBackend } from "@rollcall/core";
import { memoryRegistry, parseStaticUrl, staticRegistry } from "@rollcall/registry";
import { etcdRegistry } from "@rollcall/registry/etcd";
import type { Logger } from "pino";

/** One per process: what `memory://` means to every app and client in it. */
let shared: RegistryBackend | undefined;

/** A registry by its URL; `owned` ones are closed by whoever opened them. */
export function openRegistry(
  registry: string | RegistryBackend,
  logger: Logger,
): { readonly backend: RegistryBackend; readonly owned: boolean } {
  if (typeof registry !== "string") return { backend: registry, owned: false };
  if (registry.startsWith("etcd://"))
    return { backend: etcdRegistry({ url: registry, logger }), owned: true };
  if (registry.startsWith("static://"))
    return { backend: staticRegistry(parseStaticUrl(registry)), owned: true };
  if (/^memory:(\/\/)?$/.test(registry)) return { backend: (shared ??= memoryRegistry()), owned: false };
  // Nothing but the scheme: there may be a password in the rest, also of what is no URL.
  const scheme = /^([\w+.-]+):\/\//.exec(registry)?.[1];
  throw new ConfigError(
    `registry ${scheme === undefined ? "is not a URL" : `"${scheme}" is not known`}; allowed: etcd://host:port[,host:port], static://..., memory://`,
  );
}

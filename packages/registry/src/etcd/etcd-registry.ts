import { systemClock, type RegistryBackend } from "@rollcall/core";
import { createSharedFeeds } from "../shared-feeds.js";
import { followService } from "./discovery.js";
import { createLinks } from "./link.js";
import { checkOptions, type EtcdRegistryOptions } from "./options.js";
import { untilReady } from "./readiness.js";
import { EtcdRegistration } from "./registration.js";
import { WatchHub } from "./watch-hub.js";

/** How long closing waits for the records of registrations that were not deregistered. */
const closeMs = 2000;

/**
 * A registry in etcd 3.4 or newer. Each instance is one key, `services/<service>/<id>`, that etcd's official Go resolver
 * reads too, on one lease per process. Nothing connects before the first use; losing etcd stops nothing: readers keep
 * the last snapshot, records are put again when it is back.
 * @throws ConfigError that says which option to change
 */
export function etcdRegistry(options: EtcdRegistryOptions): RegistryBackend {
  const settings = checkOptions(options);
  const { clock = systemClock, random = Math.random, logger } = options;
  const { keyPrefix, ttlMs, dialTimeoutMs: timeoutMs } = settings;
  const { auth, kv, lease, watch } = createLinks(settings, random);
  const environment = { clock, random, logger };
  const hub = new WatchHub({ ...environment, link: watch, auth, openTimeoutMs: timeoutMs });
  const follow = { ...environment, keyPrefix, kv, hub };
  const feeds = createSharedFeeds((service, feed) => followService(service, feed, follow));
  const registrations = new Set<EtcdRegistration>();
  let closing: Promise<void> | undefined;

  const close = async (): Promise<void> => {
    await feeds.close();
    const signal = AbortSignal.timeout(closeMs);
    await Promise.allSettled(Array.from(registrations, (registration) => registration.deregister(signal)));
    await hub.close();
    for (const link of [kv, lease, watch]) link.close();
  };
  return {
    description: `etcd://${settings.endpoints.join(",")}${keyPrefix ? `/${keyPrefix.slice(0, -1)}` : ""}`,
    register(all, signal) {
      if (closing) throw new Error("etcd registry is closed");
      const registration = new EtcdRegistration(all, signal, { ...follow, ttlMs, timeoutMs, lease });
      registrations.add(registration);
      return registration;
    },
    open: (service) => feeds.open(service),
    ready: (signal) => untilReady(kv, `${keyPrefix}services/`, environment, signal),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

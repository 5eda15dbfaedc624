import { systemClock, type RegistryBackend } from "@rollcall/core";
import { breakerReports } from "../breaker-report.js";
import { createSharedFeeds } from "../shared-feeds.js";
import { createRejectionLog } from "../rejection-log.js";
import { followService } from "./discovery.js";
import { etcdRollouts } from "./etcd-rollouts.js";
import { breakerPrefix, servicesPrefix } from "./keys.js";
import { createLinks } from "./link.js";
import { listInstances } from "./listing.js";
import { checkOptions, type EtcdRegistryOptions } from "./options.js";
import { untilReady } from "./readiness.js";
import { EtcdRegistration } from "./registration.js";
import { etcdReports } from "./reports.js";
import { Session } from "./session.js";
import { WatchHub } from "./watch-hub.js";

/** How long closing waits for what this process has in etcd to be deleted. */
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
  const session = new Session({ ...environment, link: lease, ttlMs, timeoutMs });
  const badRecord = createRejectionLog(logger, "etcd record is left out");
  const registrations = new Set<EtcdRegistration>();
  let closing: Promise<void> | undefined;

  const close = async (): Promise<void> => {
    await feeds.close();
    const signal = AbortSignal.timeout(closeMs);
    await Promise.allSettled([
      ...Array.from(registrations, (registration) => registration.deregister(signal)),
      session.close(signal),
    ]);
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
    rollouts: etcdRollouts({ ...follow, session }),
    breakers: etcdReports(breakerReports, breakerPrefix, { ...follow, session }),
    list: (service, signal) => listInstances(service, follow, badRecord, signal),
    ready: (signal) => untilReady(kv, servicesPrefix(keyPrefix), environment, signal),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

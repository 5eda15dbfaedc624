import type { RolloutStore } from "@rollcall/core";
import { decodePolicy } from "../policy.js";
import { createRejectionLog } from "../rejection-log.js";
import { rolloutReports } from "../report.js";
import { checkServiceName } from "../service-name.js";
import { compareAndSet, storedIn } from "./compare-and-set.js";
import { campaign, guardOf, leaderOf } from "./election.js";
import { historyPrefix, policyKey, reportPrefix, under } from "./keys.js";
import { readPages } from "./pages.js";
import { persist } from "./persist.js";
import { etcdReports } from "./reports.js";
import type { RolloutOptions } from "./rollout-options.js";

/** The rollout store in etcd. While etcd cannot be reached, requests are repeated until their signal aborts. */
export function etcdRollouts(options: RolloutOptions): RolloutStore {
  const { keyPrefix, kv, session, logger } = options;
  const badPolicy = createRejectionLog(logger, "etcd policy is left out of the history");

  const check = (service: string, signal: AbortSignal): void => {
    checkServiceName(service);
    signal.throwIfAborted();
    session.closed.throwIfAborted();
  };
  return {
    async read(service, signal) {
      check(service, signal);
      const key = policyKey(keyPrefix, service);
      const { kvs } = await persist(
        `reading ${key}`,
        () => kv.call(({ kv }) => kv.range({ key: Buffer.from(key) })),
        options,
        signal,
      );
      return storedIn(service, kvs[0]);
    },
    async compareAndSet(changes, signal, leadership) {
      session.closed.throwIfAborted();
      return compareAndSet(changes, leadership ? guardOf(leadership) : [], options, signal);
    },
    async history(service, signal) {
      check(service, signal);
      const prefix = historyPrefix(keyPrefix, service);
      const found = await persist(`reading ${prefix}`, () => readPages(kv, under(prefix)), options, signal);
      const policies = found.flatMap(({ key, value }) => {
        const decoded = decodePolicy(value);
        if ("policy" in decoded) return [decoded.policy];
        badPolicy(key.toString(), value, decoded.rejected);
        return [];
      });
      return policies.toSorted((a, b) => b.gen - a.gen);
    },
    async campaign(service, candidate, signal) {
      check(service, signal);
      return campaign(service, candidate, options, signal);
    },
    async leader(service, signal) {
      check(service, signal);
      return leaderOf(service, options, signal);
    },
    ...etcdReports(rolloutReports, reportPrefix, options),
  };
}

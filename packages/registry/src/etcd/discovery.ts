import type { FeedSource, ServiceInstance, Snapshot } from "@rollcall/core";
import type { Logger } from "pino";
import { createCoalescer } from "../coalescer.js";
import { FollowedPolicy } from "../followed-policy.js";
import { decodeRecord } from "../record.js";
import { createRejectionLog, type RejectionLog } from "../rejection-log.js";
import { snapshotOf } from "../snapshot.js";
import { policyKey, servicePrefix, under } from "./keys.js";
import type { Link } from "./link.js";
import type { Environment } from "./retry.js";
import type { WatchHub } from "./watch-hub.js";
import { WatchedRanges, type KeyChange } from "./watched-ranges.js";

export interface FollowOptions extends Environment {
  readonly keyPrefix: string;
  readonly kv: Link;
  readonly hub: WatchHub;
  readonly logger?: Logger | undefined;
}

/**
 * Publishes the instances of a service and its policy on a feed as etcd has them; returns the end of that. Draining
 * instances, deleted ones and a changed policy are published at once, what else comes in bursts is gathered.
 */
export function followService(
  service: string,
  feed: FeedSource<Snapshot>,
  options: FollowOptions,
): () => Promise<void> {
  const prefix = servicePrefix(options.keyPrefix, service);
  const document = policyKey(options.keyPrefix, service);
  const instances = new Map<string, Read>();
  const warnOfRecord = createRejectionLog(options.logger, "etcd record is ignored");
  const warnOfPolicy = createRejectionLog(
    options.logger,
    "etcd policy is ignored, the last good one stays in force",
  );
  const policy = new FollowedPolicy((value, why) => warnOfPolicy(document, value, why));
  let current = 0;
  const coalescer = createCoalescer({
    clock: options.clock,
    flush: () => {
      const all = Array.from(instances.values(), ({ instance }) => instance);
      feed.publish(snapshotOf(service, current, all, policy.view));
    },
  });
  const ranges = new WatchedRanges({
    ...options,
    ranges: [under(prefix), { key: Buffer.from(document) }],
    name: prefix,
    onChange(changes, revision) {
      current = revision;
      let urgent = feed.current === undefined;
      let changed = urgent;
      for (const { key, held } of changes) {
        if (key === document) {
          if (policy.update(held?.value)) changed = urgent = true;
          continue;
        }
        const id = key.slice(prefix.length);
        const before = instances.get(id);
        const after = held && read(service, id, { key, held }, before, warnOfRecord);
        if (after === before) continue;
        changed = true;
        if (after) instances.set(id, after);
        else instances.delete(id);
        urgent ||= !after || (after.instance.state === "draining" && before?.instance.state !== "draining");
      }
      if (changed) coalescer.changed(urgent);
    },
  });
  return async () => {
    coalescer.close();
    await ranges.close();
  };
}

interface Read {
  readonly value: Buffer;
  readonly instance: ServiceInstance;
}

/** An unchanged value keeps its object, so that callers can compare instances by identity. */
function read(
  service: string,
  id: string,
  { key, held }: Required<KeyChange> & { held: { value: Buffer } },
  before: Read | undefined,
  warn: RejectionLog,
): Read | undefined {
  if (before?.value.equals(held.value)) return before;
  const decoded = decodeRecord(service, id, held.value);
  if ("instance" in decoded) return { value: held.value, instance: decoded.instance };
  warn(key, held.value, decoded.rejected);
  return undefined;
}

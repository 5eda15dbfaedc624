import { createHash } from "node:crypto";
import type { FeedSource, ServiceInstance, Snapshot } from "@rollcall/core";
import type { Logger } from "pino";
import { createCoalescer } from "../coalescer.js";
import { byId } from "../snapshot.js";
import { decodeRecord } from "../record.js";
import { servicePrefix, under } from "./keys.js";
import type { Link } from "./link.js";
import type { Environment } from "./retry.js";
import type { WatchHub } from "./watch-hub.js";
import { WatchedRange, type KeyChange } from "./watched-range.js";

export interface FollowOptions extends Environment {
  readonly keyPrefix: string;
  readonly kv: Link;
  readonly hub: WatchHub;
  readonly logger?: Logger | undefined;
}

/** Publishes the instances of a service on a feed as etcd has them; returns the end of that. */
export function followService(
  service: string,
  feed: FeedSource<Snapshot>,
  options: FollowOptions,
): () => Promise<void> {
  const prefix = servicePrefix(options.keyPrefix, service);
  const instances = new Map<string, Read>();
  const warn = createRejectionLog(options.logger);
  let current = 0;
  const coalescer = createCoalescer({
    clock: options.clock,
    flush: () => feed.publish(snapshotOf(service, current, instances)),
  });
  const range = new WatchedRange({
    ...options,
    range: under(prefix),
    name: prefix,
    onChange(changes, revision) {
      current = revision;
      let urgent = feed.current === undefined;
      let changed = urgent;
      for (const { key, held } of changes) {
        const id = key.slice(prefix.length);
        const before = instances.get(id);
        const after = held && read(service, id, { key, held }, before, warn);
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
    await range.close();
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
  warn: (key: string, value: Buffer, why: string) => void,
): Read | undefined {
  if (before?.value.equals(held.value)) return before;
  const decoded = decodeRecord(service, id, held.value);
  if ("instance" in decoded) return { value: held.value, instance: decoded.instance };
  warn(key, held.value, decoded.rejected);
  return undefined;
}

function snapshotOf(service: string, revision: number, instances: ReadonlyMap<string, Read>): Snapshot {
  const all = Array.from(instances.values(), ({ instance }) => instance).toSorted(byId);
  return Object.freeze({ service, revision, instances: Object.freeze(all) });
}

/** Warns once per key and value, however often they are read. */
function createRejectionLog(logger: Logger | undefined): (key: string, value: Buffer, why: string) => void {
  const warned = new Map<string, string>();
  return (key, value, why) => {
    const digest = createHash("sha256").update(value).digest("base64");
    if (warned.get(key) === digest) return;
    warned.set(key, digest);
    logger?.warn({ key, why }, `etcd record is ignored: it ${why}`);
  };
}

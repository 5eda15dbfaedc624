import type { ListedInstance, ServiceInstance } from "@rollcall/core";
import { decodeRecord } from "../record.js";
import type { RejectionLog } from "../rejection-log.js";
import { checkServiceName, serviceName } from "../service-name.js";
import { byServiceAndId } from "../snapshot.js";
import { isForbidden, isLeaseGone } from "./failure.js";
import { servicesPrefix, under } from "./keys.js";
import type { Link } from "./link.js";
import { readPages } from "./pages.js";
import { persist, type RequestEnvironment } from "./persist.js";

export interface ListOptions extends RequestEnvironment {
  readonly keyPrefix: string;
  readonly kv: Link;
}

/** How many leases are asked for at a time. */
const mostAtOnce = 16;

interface Found {
  readonly instance: ServiceInstance;
  /** Decimal; `0` for none. */
  readonly lease: string;
}

/** The instances of a service, or of all, as etcd has them now; records that hold none are left out with a warning. */
export async function listInstances(
  service: string | undefined,
  options: ListOptions,
  rejected: RejectionLog,
  signal: AbortSignal,
): Promise<readonly ListedInstance[]> {
  if (service !== undefined) checkServiceName(service);
  signal.throwIfAborted();
  const all = servicesPrefix(options.keyPrefix);
  const prefix = service === undefined ? all : `${all}${service}/`;
  const kvs = await persist(`reading ${prefix}`, () => readPages(options.kv, under(prefix)), options, signal);
  const found = kvs.flatMap(({ key, value, lease }): Found[] => {
    const path = key.toString().slice(all.length);
    const slash = path.indexOf("/");
    const name = path.slice(0, slash);
    // Under a prefix that others use too there may be keys of another shape.
    if (slash < 0 || !serviceName.safeParse(name).success) return [];
    const decoded = decodeRecord(name, path.slice(slash + 1), value);
    if ("instance" in decoded) return [{ instance: decoded.instance, lease }];
    rejected(key.toString(), value, decoded.rejected);
    return [];
  });
  const left = await timesLeft(new Set(found.map(({ lease }) => lease)), options, signal);
  return found
    .toSorted((a, b) => byServiceAndId(a.instance, b.instance))
    .map(({ instance, lease }) => ({ instance, leaseLeftMs: left.get(lease) }));
}

/** The milliseconds that each lease has left; 0 for one that is gone by now. */
async function timesLeft(
  leases: Set<string>,
  options: ListOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  leases.delete("0");
  const left = new Map<string, number>();
  const waiting = leases.values();
  const worker = async (): Promise<void> => {
    for (const id of waiting) {
      const ttlMs = await timeLeft(id, options, signal);
      if (ttlMs !== undefined) left.set(id, ttlMs);
    }
  };
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, leases.size) }, worker));
  return left;
}

async function timeLeft(id: string, options: ListOptions, signal: AbortSignal): Promise<number | undefined> {
  const ask = async (): Promise<number | undefined> => {
    try {
      const { TTL } = await options.kv.call(({ leaseClient }) => leaseClient.leaseTimeToLive({ ID: id }));
      return Math.max(0, Number(TTL) * 1000);
    } catch (error) {
      if (isLeaseGone(error)) return 0;
      // The instances are worth having without it.
      if (isForbidden(error)) return undefined;
      throw error;
    }
  };
  return persist("asking for a lease's time", ask, options, signal);
}

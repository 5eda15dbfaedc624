import type { CompareAndSet, PolicyChange, StoredPolicy } from "@rollcall/core";
import type { ICompare, IKeyValue, ITxnResponse } from "etcd3";
import { checkChanges } from "../policy-change.js";
import { decodePolicy, encodePolicy } from "../policy.js";
import { historyKey, policyKey } from "./keys.js";
import { isPassing, persist } from "./persist.js";
import type { RolloutOptions } from "./rollout-options.js";

/** What etcd holds for a service. */
export function storedIn(service: string, found: IKeyValue | undefined): StoredPolicy {
  if (!found) return { service, revision: 0, policy: undefined };
  const decoded = decodePolicy(found.value);
  const revision = Number(found.mod_revision);
  return "policy" in decoded
    ? { service, revision, policy: decoded.policy }
    : { service, revision, policy: undefined, fault: decoded.rejected };
}

/**
 * Puts all changes and their history in one transaction that compares each document with what was seen. An attempt whose
 * end is unknown is made again: if the first one was made after all, the second finds what we wanted, byte for byte.
 * @param guard more that must hold: a leadership
 */
export async function compareAndSet(
  changes: readonly PolicyChange[],
  guard: readonly ICompare[],
  { keyPrefix, kv, ...environment }: RolloutOptions,
  signal: AbortSignal,
): Promise<CompareAndSet> {
  checkChanges(changes);
  const wanted = changes.map(({ service, revision, policy }) => {
    const value = Buffer.from(encodePolicy(policy));
    const key = Buffer.from(policyKey(keyPrefix, service));
    return {
      service,
      key,
      seen: revision,
      value,
      log: Buffer.from(historyKey(keyPrefix, service, policy.gen)),
    };
  });
  const request = {
    compare: [...wanted.map(({ key, seen }) => isStill(key, seen)), ...guard],
    success: wanted.flatMap(({ key, log, value }) => [
      { request_put: { key, value } },
      { request_put: { key: log, value } },
    ]),
    failure: wanted.map(({ key }) => ({ request_range: { key } })),
  };
  let unknown = false;
  const attempt = async (): Promise<ITxnResponse> => {
    try {
      return await kv.call(({ kv }) => kv.txn(request));
    } catch (error) {
      unknown ||= isPassing(error);
      throw error;
    }
  };
  const names = wanted.map(({ service }) => service).join(", ");
  const answer = await persist(`changing the policy of ${names}`, attempt, environment, signal);
  if (answer.succeeded) return { won: true };
  const found = answer.responses.map(({ response_range: range }) => range.kvs[0]);
  if (unknown && wanted.every(({ value }, index) => found[index]?.value.equals(value))) return { won: true };
  return { won: false, current: wanted.map(({ service }, index) => storedIn(service, found[index])) };
}

function isStill(key: Buffer, seen: number): ICompare {
  return seen === 0
    ? { target: "Create", result: "Equal", key, create_revision: 0 }
    : { target: "Mod", result: "Equal", key, mod_revision: seen };
}

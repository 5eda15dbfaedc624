import type { ICompare, IKeyValue, IRequestOp, ITxnResponse } from "etcd3";
import { isNewer } from "../incarnation.js";
import { decodeRecord } from "../record.js";
import type { Link } from "./link.js";
import type { Held } from "./watched-ranges.js";

/** A record this process wants to hold. */
export interface Wanted {
  readonly service: string;
  readonly id: string;
  readonly key: string;
  readonly value: string;
}

/** What the wanted keys held when last read. A key that is missing was absent. */
export type Seen = ReadonlyMap<string, Held>;

export type Published =
  /** All records are there, on our lease, as read back. */
  | { readonly seen: Seen }
  /** A later incarnation holds a key; nothing was written. */
  | { readonly clash: string; readonly holder: string };

/** How often a transaction may lose to others before the caller backs off. */
const mostAttempts = 5;

/**
 * Puts all records in one transaction, on one lease, and reads them back. A key is taken when it is absent, or holds our
 * own or an earlier incarnation's record that has not changed since it was read; never from a later one.
 * @param before what the keys held last; empty when that is not known. The first transaction then reads what it could not
 *   take, so an earlier attempt whose end is unknown is read back before anything is written over it.
 */
export async function publish(
  kv: Link,
  all: readonly Wanted[],
  lease: string,
  incarnation: string,
  before: Seen,
  signal: AbortSignal,
): Promise<Published> {
  let seen = before;
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    signal.throwIfAborted();
    const answer = await kv.call(({ kv }) => kv.txn(transaction(all, lease, seen)));
    // What was put is read in a transaction of its own: only that says that others can read it.
    seen = answer.succeeded ? await readBack(kv, all) : heldIn(answer);
    if (all.every((wanted) => isHeld(wanted, lease, seen))) return { seen };
    const clash = all.find((wanted) => isNewer(incarnationAt(wanted, seen), incarnation));
    if (clash) return { clash: clash.key, holder: incarnationAt(clash, seen) };
  }
  throw new Error(`registering lost ${mostAttempts} times in a row to writes of others`);
}

/** Deletes the records that are still on our lease; one that another process has taken over stays. One attempt. */
export async function unpublish(kv: Link, all: readonly Wanted[], lease: string): Promise<void> {
  await Promise.all(
    all.map((wanted) => {
      const key = Buffer.from(wanted.key);
      const compare: ICompare[] = [{ target: "Lease", result: "Equal", key, lease }];
      return kv.call(({ kv }) => kv.txn({ compare, success: [{ request_delete_range: { key } }] }));
    }),
  );
}

/** Puts everything if nothing has changed since it was seen, else reads. */
function transaction(
  all: readonly Wanted[],
  lease: string,
  seen: Seen,
): { compare: ICompare[]; success: IRequestOp[]; failure: IRequestOp[] } {
  const compare = all.map(({ key }): ICompare => {
    const held = seen.get(key);
    return held
      ? { target: "Mod", result: "Equal", key: Buffer.from(key), mod_revision: held.modRevision }
      : { target: "Create", result: "Equal", key: Buffer.from(key), create_revision: 0 };
  });
  const success = all.map(({ key, value }) => ({
    request_put: { key: Buffer.from(key), value: Buffer.from(value), lease },
  }));
  return { compare, success, failure: reads(all) };
}

function reads(all: readonly Wanted[]): IRequestOp[] {
  return all.map(({ key }) => ({ request_range: { key: Buffer.from(key) } }));
}

async function readBack(kv: Link, all: readonly Wanted[]): Promise<Seen> {
  return heldIn(await kv.call(({ kv }) => kv.txn({ success: reads(all) })));
}

function heldIn({ responses }: ITxnResponse): Seen {
  const found: IKeyValue[] = responses.flatMap(({ response_range: range }) => range.kvs);
  return new Map(
    found.map(({ key, value, lease, mod_revision: mod }) => [
      key.toString(),
      { value, lease, modRevision: Number(mod) },
    ]),
  );
}

function isHeld({ key, value }: Wanted, lease: string, seen: Seen): boolean {
  const held = seen.get(key);
  return held?.lease === lease && held.value.toString() === value;
}

/** The incarnation in a record; empty when there is none that can be read, so that it may be overwritten. */
function incarnationAt({ service, id, key }: Wanted, seen: Seen): string {
  const held = seen.get(key);
  const decoded = held ? decodeRecord(service, id, held.value) : undefined;
  return decoded && "instance" in decoded ? decoded.instance.incarnation : "";
}

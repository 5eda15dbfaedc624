import type { KeyValue } from "../messages.js";
import { refusal } from "./errors.js";
import { inRange, keyBytes, type KeyRange } from "./key-range.js";

/** What the store keeps of a key at one revision: 64-bit counters are numbers here, a lease id stays a string. */
export interface StoredKeyValue extends KeyValue {
  readonly create_revision: number;
  readonly mod_revision: number;
  readonly version: number;
  readonly lease: string;
}

/** One change of one key, in the order in which watchers see them. */
export interface StoreEvent {
  readonly key: string;
  readonly type: "put" | "delete";
  readonly kv: StoredKeyValue;
}

/** Keys and their history: every commit that changes something makes exactly one revision. */
export class Store {
  /** The revision of the last commit; an empty store is at 1. */
  revision = 1;
  /** Revisions below this one are gone. */
  compactRevision = -1;
  /** All keys that have a history, ascending. */
  readonly #keys: string[] = [];
  /** Every key's changes, oldest first. */
  readonly #history = new Map<string, StoreEvent[]>();
  /** All changes since the last compaction, oldest first. */
  #log: StoreEvent[] = [];

  /** The value of `key` as of `revision`. */
  get(key: string, revision: number = this.revision): StoredKeyValue | undefined {
    const last = this.#history.get(key)?.findLast((event) => event.kv.mod_revision <= revision);
    return last?.type === "put" ? last.kv : undefined;
  }

  /**
   * The values in `range` as of `revision` (0 or less: now), ascending by key.
   * @throws EtcdError when the revision is compacted, or later than `now`, the revision the reader may see.
   */
  range(range: KeyRange, revision = 0, now: number = this.revision): StoredKeyValue[] {
    if (revision > now) throw refusal("futureRevision");
    const at = revision <= 0 ? now : revision;
    if (at < this.compactRevision) throw refusal("compacted");
    const found: StoredKeyValue[] = [];
    for (let i = this.#lowerBound(range.key); i < this.#keys.length && inRange(range, this.#keys[i]!); i++) {
      const kv = this.get(this.#keys[i]!, at);
      if (kv) found.push(kv);
    }
    return found;
  }

  /** The changes from `revision` on, oldest first. */
  *eventsFrom(revision: number): Iterable<StoreEvent> {
    let low = 0;
    for (let high = this.#log.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (this.#log[middle]!.kv.mod_revision < revision) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.#log.length; i++) yield this.#log[i]!;
  }

  /** Adds changes that all carry the revision after the current one, and makes it the current one. */
  append(events: readonly StoreEvent[]): void {
    for (const event of events) {
      const history = this.#history.get(event.key);
      if (history) history.push(event);
      else {
        this.#history.set(event.key, [event]);
        this.#keys.splice(this.#lowerBound(event.key), 0, event.key);
      }
      this.#log.push(event);
    }
    this.revision++;
  }

  /**
   * Forgets what `revision` does not need to be read.
   * @throws EtcdError when it is compacted already, or in the future.
   */
  compact(revision: number): void {
    if (revision <= this.compactRevision) throw refusal("compacted");
    if (revision > this.revision) throw refusal("futureRevision");
    this.compactRevision = revision;
    this.#log = this.#log.filter((event) => event.kv.mod_revision >= revision);
    for (const [key, events] of this.#history) {
      const last = events.findLastIndex((event) => event.kv.mod_revision <= revision);
      const kept = events.slice(Math.max(0, last));
      if (last >= 0 && kept[0]!.type === "delete") kept.shift();
      if (kept.length > 0) this.#history.set(key, kept);
      else {
        this.#history.delete(key);
        this.#keys.splice(this.#lowerBound(key), 1);
      }
    }
  }

  #lowerBound(key: string): number {
    let low = 0;
    for (let high = this.#keys.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The event of a deletion: etcd gives the key and the revision of the deletion, and nothing of what was there. */
export function deletion(key: string, revision: number): StoreEvent {
  const kv = { key: keyBytes(key), value: Buffer.alloc(0), create_revision: 0, version: 0, lease: "0" };
  return { key, type: "delete", kv: { ...kv, mod_revision: revision } };
}

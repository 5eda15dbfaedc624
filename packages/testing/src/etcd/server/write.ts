import { refusal } from "./errors.js";
import { inRange, keyBytes, type KeyRange, keyText } from "./key-range.js";
import { deletion, type Store, type StoredKeyValue, type StoreEvent } from "./store.js";

/** The changes of one request. They all get one revision; a write that changes nothing makes none. */
export class Write {
  readonly #store: Store;
  readonly #events: StoreEvent[] = [];
  /** What the keys changed by this write are now; `undefined` when they are deleted. */
  readonly #changed = new Map<string, StoredKeyValue | undefined>();
  /** Which keys the leases gain and lose, in order. */
  readonly leaseMoves: { readonly key: string; readonly from: string; readonly to: string }[] = [];
  readonly #begin: number;

  constructor(store: Store) {
    this.#store = store;
    this.#begin = store.revision;
  }

  /** The revision that readers inside this write see: one more from its first change on. */
  get revision(): number {
    return this.#events.length > 0 ? this.#begin + 1 : this.#begin;
  }

  get events(): readonly StoreEvent[] {
    return this.#events;
  }

  get(key: string): StoredKeyValue | undefined {
    return this.#changed.has(key) ? this.#changed.get(key) : this.#store.get(key);
  }

  /** As `Store.range`, with this write's own changes. */
  range(range: KeyRange, revision = 0): StoredKeyValue[] {
    if (revision > this.revision) throw refusal("futureRevision");
    const seesChanges = revision <= 0 || revision > this.#begin;
    const before = this.#store.range(range, seesChanges ? 0 : revision);
    if (!seesChanges || this.#changed.size === 0) return before;
    const now = new Map(before.map((kv) => [keyText(kv.key), kv] as const));
    for (const [key, kv] of this.#changed) {
      if (!inRange(range, key)) continue;
      if (kv) now.set(key, kv);
      else now.delete(key);
    }
    return [...now].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, kv]) => kv);
  }

  put(key: string, value: Buffer, lease: string): void {
    const previous = this.get(key);
    const revision = this.#begin + 1;
    const kv: StoredKeyValue = {
      key: keyBytes(key),
      value,
      create_revision: previous?.create_revision ?? revision,
      mod_revision: revision,
      version: (previous?.version ?? 0) + 1,
      lease,
    };
    this.#changed.set(key, kv);
    this.#events.push({ key, type: "put", kv });
    this.leaseMoves.push({ key, from: previous?.lease ?? "0", to: lease });
  }

  /** Deletes what `range` has now; returns how many keys that were. */
  deleteRange(range: KeyRange): number {
    const doomed = this.range(range);
    for (const kv of doomed) {
      const key = keyText(kv.key);
      this.#changed.set(key, undefined);
      this.#events.push(deletion(key, this.#begin + 1));
      this.leaseMoves.push({ key, from: kv.lease, to: "0" });
    }
    return doomed.length;
  }
}

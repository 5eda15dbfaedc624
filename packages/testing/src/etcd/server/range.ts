import type { Int64, RangeRequest, RangeResponse } from "../messages.js";
import { keyRange, type KeyRange, keyText } from "./key-range.js";
import type { StoredKeyValue } from "./store.js";

/** What a range can be read from: the store, or a write that has changes of its own. */
export interface RangeReader {
  readonly revision: number;
  range(range: KeyRange, revision?: number): StoredKeyValue[];
}

const noOrder = 0;
const descending = 2;
const byKey = 0;
const empty = Buffer.alloc(0);

/** How two values compare, by the request's `sort_target`. */
const comparisons: readonly ((a: StoredKeyValue, b: StoredKeyValue) => number)[] = [
  (a, b) => (keyText(a.key) < keyText(b.key) ? -1 : 1),
  (a, b) => a.version - b.version,
  (a, b) => a.create_revision - b.create_revision,
  (a, b) => a.mod_revision - b.mod_revision,
  (a, b) => Buffer.compare(a.value, b.value),
];

/** Answers a Range. `count` is that of the whole range, whatever the limit and the filters leave of it. */
export function readRange(from: RangeReader, request: RangeRequest): RangeResponse {
  const header = { revision: from.revision };
  const all = from.range(keyRange(request.key, request.range_end), Number(request.revision));
  if (request.count_only) return { header, kvs: [], more: false, count: all.length };
  const sorted = sort(select(all, request), request);
  const limit = Number(request.limit);
  const kvs = limit > 0 ? sorted.slice(0, limit) : sorted;
  return {
    header,
    kvs: request.keys_only ? kvs.map((kv) => ({ ...kv, value: empty })) : kvs,
    more: kvs.length < sorted.length,
    count: all.length,
  };
}

/** What is sorted and then cut to the limit. */
function select(all: StoredKeyValue[], request: RangeRequest): StoredKeyValue[] {
  const { min_mod_revision: minMod, max_mod_revision: maxMod } = request;
  const { min_create_revision: minCreate, max_create_revision: maxCreate } = request;
  const isFiltered = [minMod, maxMod, minCreate, maxCreate].some((revision) => Number(revision) !== 0);
  const limit = Number(request.limit);
  // etcd reads no more than it needs when the request names no order, and then sorts by the target all the same:
  // the answer is the order of the first keys, not the first of the order.
  if (request.sort_order === noOrder && !isFiltered && limit > 0) return all.slice(0, limit + 1);
  return all.filter(
    (kv) => between(kv.mod_revision, minMod, maxMod) && between(kv.create_revision, minCreate, maxCreate),
  );
}

/** 0 is no bound. */
function between(value: number, min: Int64, max: Int64): boolean {
  return (Number(min) === 0 || value >= Number(min)) && (Number(max) === 0 || value <= Number(max));
}

function sort(
  kvs: StoredKeyValue[],
  { sort_order: order, sort_target: target }: RangeRequest,
): StoredKeyValue[] {
  // They come ascending by key; another target sorts ascending even when the request names no order.
  if (target === byKey && order !== descending) return kvs;
  const compare = comparisons[target]!;
  return kvs.toSorted(order === descending ? (a, b) => compare(b, a) : compare);
}

/** Whether etcd knows both numbers. */
export function isSortable(request: RangeRequest): boolean {
  return (
    request.sort_order >= noOrder &&
    request.sort_order <= descending &&
    comparisons[request.sort_target] !== undefined
  );
}

import type {
  Compare,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RequestOp,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from "../messages.js";
import { refusal } from "./errors.js";
import { keyRange, keyText } from "./key-range.js";
import type { Leases } from "./leases.js";
import { readRange } from "./range.js";
import type { Store, StoredKeyValue } from "./store.js";
import type { Write } from "./write.js";

/** A Txn whose comparisons are made: what will run. */
interface Plan {
  readonly succeeded: boolean;
  readonly steps: readonly Step[];
}

interface Step {
  readonly op: RequestOp;
  readonly nested: Plan | undefined;
}

/** Runs a Txn inside `write`. All comparisons, nested ones too, see the store as it was before. */
export function runTxn(store: Store, leases: Leases, write: Write, request: TxnRequest): TxnResponse {
  const plan = planTxn(store, request);
  checkPlan(store, leases, plan);
  return { ...execute(write, plan), header: { revision: write.revision } };
}

/** Puts inside `write`; the answer's header has the revision that the put makes. */
export function runPut(leases: Leases, write: Write, request: PutRequest): PutResponse {
  checkLease(leases, request);
  return putKey(write, request);
}

/** Deletes inside `write`. */
export function runDelete(write: Write, request: DeleteRangeRequest): DeleteRangeResponse {
  const range = keyRange(request.key, request.range_end);
  const prev_kvs = request.prev_kv ? write.range(range) : [];
  const deleted = write.deleteRange(range);
  return { header: { revision: write.revision }, deleted, prev_kvs };
}

function planTxn(store: Store, request: TxnRequest): Plan {
  const succeeded = request.compare.every((compare) => holds(store, compare));
  const ops = succeeded ? request.success : request.failure;
  const steps = ops.map((op) => ({
    op,
    nested: op.request_txn ? planTxn(store, op.request_txn) : undefined,
  }));
  return { succeeded, steps };
}

/** Everything that can refuse an operation is asked before the first one changes anything. */
function checkPlan(store: Store, leases: Leases, plan: Plan): void {
  for (const { op, nested } of plan.steps) {
    if (nested) checkPlan(store, leases, nested);
    if (op.request_put) {
      const { key, ignore_value, ignore_lease } = op.request_put;
      if ((ignore_value || ignore_lease) && !store.get(keyText(key))) throw refusal("keyNotFound");
      checkLease(leases, op.request_put);
    }
    const revision = Number(op.request_range?.revision ?? 0);
    if (revision > store.revision) throw refusal("futureRevision");
    if (revision !== 0 && revision < store.compactRevision) throw refusal("compacted");
  }
}

function execute(write: Write, plan: Plan): TxnResponse {
  const responses = plan.steps.map(({ op, nested }): ResponseOp => {
    if (nested) return { response_txn: { ...execute(write, nested), header: {} } };
    if (op.request_range) return { response_range: readRange(write, op.request_range) };
    if (op.request_put) return { response_put: putKey(write, op.request_put) };
    return { response_delete_range: runDelete(write, op.request_delete_range!) };
  });
  return { succeeded: plan.succeeded, responses };
}

function checkLease(leases: Leases, request: PutRequest): void {
  const id = String(request.lease);
  if (id !== "0" && !leases.has(id)) throw refusal("leaseNotFound");
}

function putKey(write: Write, request: PutRequest): PutResponse {
  const key = keyText(request.key);
  const previous = write.get(key);
  if ((request.ignore_value || request.ignore_lease) && !previous) throw refusal("keyNotFound");
  const value = request.ignore_value ? previous!.value : request.value;
  write.put(key, value, request.ignore_lease ? previous!.lease : String(request.lease));
  return { header: { revision: write.revision }, prev_kv: request.prev_kv ? previous : undefined };
}

/** A comparison over a range holds when it holds for every key; over no key, for a key of zeros, and never for a value. */
function holds(store: Store, compare: Compare): boolean {
  const found = store.range(keyRange(compare.key, compare.range_end));
  if (found.length > 0) return found.every((kv) => accepts(compare.result, difference(compare, kv)));
  return compare.target !== 3 && accepts(compare.result, difference(compare, undefined));
}

function accepts(result: number, difference: number): boolean {
  return [difference === 0, difference > 0, difference < 0, difference !== 0][result] ?? true;
}

/** The sign of (what the key has - what the request gives). */
function difference(compare: Compare, kv: StoredKeyValue | undefined): number {
  switch (compare.target) {
    case 0:
      return (kv?.version ?? 0) - Number(compare.version ?? 0);
    case 1:
      return (kv?.create_revision ?? 0) - Number(compare.create_revision ?? 0);
    case 2:
      return (kv?.mod_revision ?? 0) - Number(compare.mod_revision ?? 0);
    case 3:
      return Buffer.compare(kv?.value ?? Buffer.alloc(0), compare.value ?? Buffer.alloc(0));
    case 4:
      return Number(BigInt(kv?.lease ?? 0) - BigInt(compare.lease ?? 0));
    default:
      return 0;
  }
}

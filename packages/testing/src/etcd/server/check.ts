import type { DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from "../messages.js";
import { refusal } from "./errors.js";
import { inRange, type KeyRange, keyText } from "./key-range.js";
import { isSortable } from "./range.js";

/** etcd's default `--max-txn-ops`; each level of nesting has what the level above left over. */
const maxTxnOps = 128;
/** etcd's default `--max-request-bytes`. */
const maxRequestBytes = 1.5 * 1024 * 1024;

/** Refuses a Range as etcd does before it reads anything. */
export function checkRange(request: RangeRequest): void {
  if (request.key.length === 0) throw refusal("emptyKey");
  if (!isSortable(request)) throw refusal("invalidSortOption");
}

/** Refuses a Put as etcd does before it reads anything. */
export function checkPut(request: PutRequest): void {
  if (request.key.length === 0) throw refusal("emptyKey");
  if (request.ignore_value && request.value.length > 0) throw refusal("valueProvided");
  if (request.ignore_lease && String(request.lease) !== "0") throw refusal("leaseProvided");
  if (request.key.length + request.value.length > maxRequestBytes) throw refusal("requestTooLarge");
}

/** Refuses a DeleteRange as etcd does before it reads anything. */
export function checkDelete(request: DeleteRangeRequest): void {
  if (request.key.length === 0) throw refusal("emptyKey");
}

/** Refuses a Txn as etcd does before it reads anything. */
export function checkTxn(request: TxnRequest): void {
  checkTxnLevel(request, maxTxnOps);
  checkOverlaps(request.success);
  checkOverlaps(request.failure);
}

function checkTxnLevel(request: TxnRequest, opsLeft: number): void {
  const ops = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (ops > opsLeft) throw refusal("tooManyOps");
  if (request.compare.some((compare) => compare.key.length === 0)) throw refusal("emptyKey");
  for (const op of [...request.success, ...request.failure]) checkOp(op, opsLeft - ops);
}

function checkOp(op: RequestOp, opsLeft: number): void {
  if (op.request_range) checkRange(op.request_range);
  else if (op.request_put) checkPut(op.request_put);
  else if (op.request_delete_range) checkDelete(op.request_delete_range);
  else if (op.request_txn) checkTxnLevel(op.request_txn, opsLeft);
  else throw refusal("keyNotFound");
}

/** What one list of operations may write. */
interface Written {
  readonly puts: Set<string>;
  readonly deletes: KeyRange[];
}

/** Refuses a key that is put twice, or put and deleted, in a way that can happen in one transaction. */
function checkOverlaps(ops: readonly RequestOp[]): Written {
  const deletes = ops.flatMap(({ request_delete_range: request }) =>
    request ? [deletedRange(request)] : [],
  );
  const puts = new Set<string>();
  const add = (key: string, isSafe: boolean): void => {
    if ((puts.has(key) && !isSafe) || deletes.some((deleted) => inRange(deleted, key)))
      throw refusal("duplicateKey");
    puts.add(key);
  };
  for (const { request_txn: txn } of ops) {
    if (!txn) continue;
    const success = checkOverlaps(txn.success);
    const failure = checkOverlaps(txn.failure);
    for (const key of success.puts) add(key, false);
    // Only one of both branches runs, so the same key in both is fine.
    for (const key of failure.puts) add(key, success.puts.has(key));
    deletes.push(...success.deletes, ...failure.deletes);
  }
  for (const { request_put: put } of ops) if (put) add(keyText(put.key), false);
  return { puts, deletes };
}

/** As sent: to this check, as in etcd, a single zero byte is the smallest end, not the absence of one. */
function deletedRange(request: DeleteRangeRequest): KeyRange {
  const end = request.range_end.length === 0 ? undefined : keyText(request.range_end);
  return { key: keyText(request.key), end };
}

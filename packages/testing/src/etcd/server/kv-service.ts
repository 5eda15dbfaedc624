import type { UntypedHandleCall } from "@grpc/grpc-js";
import type { DeleteRangeRequest, PutRequest, RangeRequest, TxnRequest } from "../messages.js";
import { checkDelete, checkPut, checkRange, checkTxn } from "./check.js";
import { readRange } from "./range.js";
import { runDelete, runPut, runTxn } from "./txn.js";
import { type Backend, unaryHandlers, withHeader } from "./unary.js";

/** etcd's KV service. */
export function kvService(backend: Backend): Record<string, UntypedHandleCall> {
  return unaryHandlers(backend, {
    Range(request: RangeRequest) {
      checkRange(request);
      return withHeader(backend.member, readRange(backend.member.store, request));
    },
    Put(request: PutRequest) {
      checkPut(request);
      const { member } = backend;
      return withHeader(
        member,
        member.write((write) => runPut(member.leases, write, request)),
      );
    },
    DeleteRange(request: DeleteRangeRequest) {
      checkDelete(request);
      const { member } = backend;
      return withHeader(
        member,
        member.write((write) => runDelete(write, request)),
      );
    },
    Txn(request: TxnRequest) {
      checkTxn(request);
      const { member } = backend;
      return withHeader(
        member,
        member.write((write) => runTxn(member.store, member.leases, write, request)),
      );
    },
    Compact({ revision }: { revision: string }) {
      backend.member.store.compact(Number(revision));
      return { header: backend.member.header() };
    },
  });
}

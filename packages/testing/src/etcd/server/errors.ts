import { Code, type Code as CodeType } from "@rollcall/core";

/** A refusal with etcd's own code and words. */
export class EtcdError extends Error {
  override readonly name = "EtcdError";
  readonly code: CodeType;

  constructor(code: CodeType, details: string) {
    super(details);
    this.code = code;
  }
}

/** What etcd refuses, by what causes it. */
export type Refusal =
  | "emptyKey"
  | "keyNotFound"
  | "valueProvided"
  | "leaseProvided"
  | "tooManyOps"
  | "duplicateKey"
  | "invalidSortOption"
  | "requestTooLarge"
  | "compacted"
  | "futureRevision"
  | "leaseNotFound"
  | "leaseExists"
  | "leaseTtlTooLarge"
  | "noLeader"
  | "userEmpty"
  | "authFailed"
  | "authNotEnabled"
  | "invalidAuthToken";

/** etcd's codes and words (source: `rpctypes/error.go` in etcd's `api` module). */
const table: Readonly<Record<Refusal, readonly [CodeType, string]>> = {
  emptyKey: [Code.InvalidArgument, "key is not provided"],
  keyNotFound: [Code.InvalidArgument, "key not found"],
  valueProvided: [Code.InvalidArgument, "value is provided"],
  leaseProvided: [Code.InvalidArgument, "lease is provided"],
  tooManyOps: [Code.InvalidArgument, "too many operations in txn request"],
  duplicateKey: [Code.InvalidArgument, "duplicate key given in txn request"],
  invalidSortOption: [Code.InvalidArgument, "invalid sort option"],
  requestTooLarge: [Code.InvalidArgument, "request is too large"],
  compacted: [Code.OutOfRange, "mvcc: required revision has been compacted"],
  futureRevision: [Code.OutOfRange, "mvcc: required revision is a future revision"],
  leaseNotFound: [Code.NotFound, "requested lease not found"],
  leaseExists: [Code.FailedPrecondition, "lease already exists"],
  leaseTtlTooLarge: [Code.OutOfRange, "too large lease TTL"],
  noLeader: [Code.Unavailable, "no leader"],
  userEmpty: [Code.InvalidArgument, "user name is empty"],
  authFailed: [Code.InvalidArgument, "authentication failed, invalid user ID or password"],
  authNotEnabled: [Code.FailedPrecondition, "authentication is not enabled"],
  invalidAuthToken: [Code.Unauthenticated, "invalid auth token"],
};

/** The error for a refusal by its name. */
export function refusal(name: Refusal): EtcdError {
  const [code, details] = table[name];
  return new EtcdError(code, `etcdserver: ${details}`);
}

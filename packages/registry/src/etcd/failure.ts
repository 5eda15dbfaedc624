import {
  EtcdAuthenticationFailedError,
  EtcdLeaseInvalidError,
  EtcdPermissionDeniedError,
  isRecoverableError,
} from "etcd3";

/** The status text of calls whose token etcd no longer takes; the next call gets a new one. */
export const staleToken = "auth token is stale";

/** Whether the way to etcd failed, rather than etcd answering no. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Error && isRecoverableError(error);
}

/** Whether etcd says that a lease is not there, any more or at all. */
export function isLeaseGone(error: unknown): boolean {
  return (
    error instanceof EtcdLeaseInvalidError ||
    (error instanceof Error && error.message.includes("requested lease not found"))
  );
}

/** Whether the call failed only because its token had expired. */
export function isStaleToken(error: unknown): boolean {
  return error instanceof Error && error.message.includes(staleToken);
}

/** Whether etcd does not know the user, or the password is wrong. */
export function isRefusedUser(error: unknown): boolean {
  return (
    error instanceof EtcdAuthenticationFailedError ||
    (error instanceof Error && error.message.includes("etcdserver: user name is empty"))
  );
}

/** Whether the user may not do this. */
export function isForbidden(error: unknown): boolean {
  return error instanceof EtcdPermissionDeniedError;
}

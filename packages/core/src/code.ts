/**
 * The gRPC status codes, by their numbers on the wire.
 * Source: https://grpc.io/docs/guides/status-codes/
 */
export const Code = {
  Ok: 0,
  Cancelled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

/** A gRPC status code, 0 (`Ok`) to 16 (`Unauthenticated`). */
export type Code = (typeof Code)[keyof typeof Code];

const names = [
  "ok",
  "cancelled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
] as const;

/** The code's name as error messages, logs and tables write it: `deadline_exceeded`. */
export function codeName(code: Code): string {
  return names[code];
}

/** The code of a number from the wire; anything outside 0..16 is `Unknown`, as the gRPC spec asks. */
export function codeOf(value: number): Code {
  return Number.isInteger(value) && value >= 0 && value <= 16 ? (value as Code) : Code.Unknown;
}

const serverFaults: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/** Whether the code says something about the server; the others are the caller's doing. */
export function isServerFault(code: Code): boolean {
  return serverFaults.has(code);
}

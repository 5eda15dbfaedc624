import { Metadata } from "@grpc/grpc-js";
import { Code, codeName, codeOf } from "./code.js";

/**
 * Whether the server's application saw the call that failed.
 * - `no`: it never reached a handler, so repeating it is safe whatever the method;
 * - `unknown`: it may have run;
 * - `yes`: it ran, and this is its answer.
 */
export type Processed = "no" | "unknown" | "yes";

export interface RpcErrorOptions {
  /** The method, as `shop.v1.Orders/Get`; filled in by the pipeline when a handler leaves it out. */
  readonly path?: string | undefined;
  /** `local`: raised in this process; `remote`: received from a server. Default `local`. */
  readonly origin?: "local" | "remote" | undefined;
  /** Default `unknown` for local errors, `yes` for remote ones. */
  readonly processed?: Processed | undefined;
  /** Trailing metadata to send, or as received. */
  readonly trailer?: Metadata | undefined;
  readonly cause?: unknown;
}

/**
 * A call that ended with another status than `ok`. Throw one in a handler to answer with its code and reason;
 * anything else a handler throws reaches the caller as `internal` without its text.
 */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: Code;
  /** What went wrong, in the words of whoever raised it: the gRPC status message. */
  readonly reason: string;
  readonly path: string;
  readonly origin: "local" | "remote";
  readonly processed: Processed;
  readonly trailer: Metadata;

  constructor(code: Code, reason: string, options: RpcErrorOptions = {}) {
    const known = codeOf(code);
    const prefix = options.path ? `${options.path} ` : "";
    super(`${prefix}[${codeName(known)}]${reason ? `: ${reason}` : ""}`, { cause: options.cause });
    this.code = known;
    this.reason = reason;
    this.path = options.path ?? "";
    this.origin = options.origin ?? "local";
    this.processed = options.processed ?? (this.origin === "remote" ? "yes" : "unknown");
    this.trailer = options.trailer ?? new Metadata();
  }

  /** The error itself when it already is an `RpcError`, else an `internal` one that keeps it as its cause. */
  static from(error: unknown, path?: string): RpcError {
    if (error instanceof RpcError) return error;
    return new RpcError(Code.Internal, "unexpected error", { path, cause: error });
  }
}

/** A wrong option, environment variable or class, found at start. The message says what to change. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

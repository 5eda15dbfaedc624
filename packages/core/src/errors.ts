import { inspect, type InspectOptions } from "node:util";
import { Metadata } from "@grpc/grpc-js";
import { Code, codeName, codeOf } from "./code.js";
import type { Detail, DetailType } from "./errors/detail-type.js";
import { ErrorInfo } from "./errors/details.js";
import { describeError } from "./errors/describe-error.js";
import { sendableText } from "./errors/sendable-text.js";
import { readDetails, withDetails } from "./errors/status-details.js";

/**
 * Whether the server's application saw the call that failed.
 * - `no`: it never reached a handler, so repeating it is safe whatever the method;
 * - `unknown`: it may have run;
 * - `yes`: it ran, and this is its answer.
 */
export type Processed = "no" | "unknown" | "yes";

/** What an `RpcError` may say besides its code and message. */
export interface RpcErrorOptions {
  /** The method, as `shop.v1.Orders/Get`; filled in by the pipeline when a handler leaves it out. */
  readonly path?: string | undefined;
  /** `local`: raised in this process; `remote`: received from a server. Default `local`. */
  readonly origin?: "local" | "remote" | undefined;
  /** Default `unknown` for local errors, `yes` for remote ones. */
  readonly processed?: Processed | undefined;
  /**
   * What programs on the caller's side can act on: `badRequest([...])`, `retryInfo(500)`, those of another error. The
   * most important first: what does not fit into 4 KiB together with the message is left out.
   */
  readonly details?: readonly Detail[] | undefined;
  /** Trailing metadata to send, or as received. */
  readonly trailer?: Metadata | undefined;
  readonly cause?: unknown;
}

/**
 * A call that ended with another status than `ok`. Throw one in a handler to answer with its code, reason and details;
 * anything else a handler throws reaches the caller as `internal` without its text.
 *
 * What came in metadata is behind accessors, so that nothing that prints or logs an error's own properties shows it.
 */
export class RpcError extends Error {
  readonly code: Code;
  /** What went wrong, in the words of whoever raised it: the gRPC status message. */
  readonly reason: string;
  readonly path: string;
  readonly origin: "local" | "remote";
  readonly processed: Processed;
  readonly #trailer: Metadata;
  #details: readonly Detail[] | undefined;
  #metadata: Readonly<Record<string, string | undefined>> | undefined;

  static {
    const define = (key: PropertyKey, value: unknown): void => {
      Object.defineProperty(this.prototype, key, { value, writable: true, configurable: true });
    };
    // On the prototype, so that stacks begin with it.
    define("name", "RpcError");
    define(inspect.custom, function (this: RpcError, depth: number, options: InspectOptions) {
      return describeError(this, depth, options);
    });
  }

  constructor(code: Code, reason: string, options: RpcErrorOptions = {}) {
    const known = codeOf(code);
    // Without types it may be anything, and the answer of a call must not fail for it.
    const text = typeof reason === "string" ? reason : "";
    const prefix = options.path ? `${options.path} ` : "";
    super(`${prefix}[${codeName(known)}]${text ? `: ${text}` : ""}`, { cause: options.cause });
    this.code = known;
    this.reason = text;
    this.path = options.path ?? "";
    this.origin = options.origin ?? "local";
    this.processed = options.processed ?? (this.origin === "remote" ? "yes" : "unknown");
    const trailer = options.trailer ?? new Metadata();
    const { details } = options;
    this.#trailer = details?.length ? withDetails(trailer, known, sendableText(text), details) : trailer;
  }

  /** Trailing metadata: to send, or as received. */
  get trailer(): Metadata {
    return this.#trailer;
  }

  /** All details, decoded on first read; none when what came cannot be read. Also those whose type is not known here. */
  get details(): readonly Detail[] {
    return (this.#details ??= readDetails(this.#trailer, this.code));
  }

  /** The first detail of that type: `error.detail(BadRequest)?.fieldViolations`. */
  detail<Message>(type: DetailType<Message, any>): Message | undefined {
    for (const each of this.details) {
      const read = type.read(each);
      if (read !== undefined) return read;
    }
    return undefined;
  }

  /** What the error's `ErrorInfo` says beside its reason; empty without one. Typed once an error of `defineError` has recognised it. */
  get metadata(): Readonly<Record<string, string | undefined>> {
    return (this.#metadata ??= this.detail(ErrorInfo)?.metadata ?? {});
  }

  /** What a log line may say of it: nothing that came in metadata. */
  toJSON(): object {
    const { name, message, code, reason, path, origin, processed } = this;
    return { name, message, code, reason, path, origin, processed };
  }

  /** Whether it is one; never throws, whatever was thrown. */
  static is(error: unknown): error is RpcError {
    return typeof error === "object" && error !== null && #trailer in error;
  }

  /** The error itself when it already is an `RpcError`, else an `internal` one that keeps it as its cause. */
  static from(error: unknown, path?: string): RpcError {
    if (RpcError.is(error)) return error;
    return new RpcError(Code.Internal, "unexpected error", { path, cause: error });
  }
}

/** A wrong option, environment variable or class, found at start. The message says what to change. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

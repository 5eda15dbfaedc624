import type { Codec } from "./codec.js";
import type { ProtoFile } from "./proto-file.js";

export type { Codec };

/** Which sides of a method stream. */
export type MethodKind = "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";

/** One method of a service. */
export interface MethodContract {
  /** The gRPC path with its leading slash: `/shop.v1.Orders/Get`. */
  readonly path: string;
  readonly kind: MethodKind;
  /** From `option idempotency_level`: true for `IDEMPOTENT` and `NO_SIDE_EFFECTS`. Only such calls are repeated after they may have run. */
  readonly idempotent: boolean;
  readonly request: Codec;
  readonly response: Codec;
}

declare const shape: unique symbol;

/**
 * A service as generated from its proto: the value that servers and clients share. `S` is one descriptor per method
 * (`Unary`, `ServerStreaming`, `ClientStreaming`, `BidiStreaming`).
 */
export interface ServiceContract<S> {
  /** The full proto name, `shop.v1.Orders`; also the name it is registered under. */
  readonly name: string;
  readonly methods: { readonly [M in keyof S]: MethodContract };
  readonly file: ProtoFile;
  /** Type only: without it `S` could not be inferred from a contract value. */
  readonly [shape]?: S;
}

/** `shop.v1.Orders/Get`, as errors, logs and metrics write a method. */
export function methodName(method: MethodContract): string {
  return method.path.slice(1);
}

import type {
  BidiStreaming,
  ClientStreaming,
  Code,
  Metadata,
  RpcError,
  ServerStreaming,
  Unary,
} from "@rollcall/core";

/** What is known of every call that reached a server of the test. */
export interface CallRecord {
  /** As it arrived. */
  readonly metadata: Metadata;
  /** As it held in the handler, a shorter timeout of the method counted in: in milliseconds of the test's clock; `Infinity` for none. */
  readonly deadline: number;
  /** When it arrived, in milliseconds of the test's clock. */
  readonly atMs: number;
  /** How it ended; undefined while it is under way. */
  readonly code: Code | undefined;
  /** Why it failed, if it did. `cause` is what a handler threw by accident. */
  readonly error: RpcError | undefined;
}

interface OneRequest<Req> {
  readonly request: Req;
}
interface ManyRequests<Req> {
  /** Those that the handler has read so far. */
  readonly requests: readonly Req[];
}
interface OneResponse<Out> {
  /** As the handler gave it; undefined while it has not, or when it failed. */
  readonly response: Out | undefined;
}
interface ManyResponses<Out> {
  /** Those that were sent so far, as the handler gave them. */
  readonly responses: readonly Out[];
}

/** One call of one method, typed by its descriptor. It fills as the call goes on. */
export type RecordedCall<M> = CallRecord &
  (M extends Unary<infer Req, any, any, infer Out>
    ? OneRequest<Req> & OneResponse<Out>
    : M extends ServerStreaming<infer Req, any, any, infer Out>
      ? OneRequest<Req> & ManyResponses<Out>
      : M extends ClientStreaming<infer Req, any, any, infer Out>
        ? ManyRequests<Req> & OneResponse<Out>
        : M extends BidiStreaming<infer Req, any, any, infer Out>
          ? ManyRequests<Req> & ManyResponses<Out>
          : never);

/** The calls of one method in the order in which they arrived, one entry per attempt. It grows as more arrive. */
export type CallLog<M> = readonly RecordedCall<M>[];

/** The calls of a service, by its methods. */
export type CallLogs<S> = { readonly [M in keyof S]: CallLog<S[M]> };

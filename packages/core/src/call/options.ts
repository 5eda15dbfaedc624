import type { Metadata } from "@grpc/grpc-js";

/** What a caller may say about one call. */
export interface CallOptions {
  /** Milliseconds from now. The call's deadline is the earlier of this and an inherited one. Default: the client's, 10 s. `Infinity` for none. */
  readonly timeoutMs?: number | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** Sent with the request. */
  readonly metadata?: Metadata | undefined;
  /** Sees the response headers; for a reopened stream once per opening. */
  readonly onHeader?: ((header: Metadata) => void) | undefined;
  /** Sees the trailing metadata, whatever the status. */
  readonly onTrailer?: ((trailer: Metadata) => void) | undefined;
  /**
   * Server streaming only: when the stream is opened again, with the same request, on another instance. `true`: when its
   * server ended it because it drains; `"always"`: also when it broke (`unavailable`), so messages may come twice;
   * `false`: never. Default true.
   */
  readonly reopen?: boolean | "always" | undefined;
}

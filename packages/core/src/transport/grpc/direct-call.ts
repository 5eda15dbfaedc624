import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import { Metadata, type Channel, type StatusObject } from "@grpc/grpc-js";
import type { Call } from "../../call/call.js";
import { RpcError } from "../../errors.js";
import { inflate } from "./inflate.js";
import { framed, longestMessage, prefixBytes } from "./message-frames.js";
import { isSendable } from "./sendable.js";

/** What a call is told. */
export interface CallListener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(bytes: Buffer): void;
  onReceiveStatus(status: StatusObject): void;
}

/** What there is to do with a call of grpc-js that has begun. */
export type BegunCall = Pick<
  ReturnType<Channel["createCall"]>,
  "sendMessageWithContext" | "halfClose" | "startRead" | "cancelWithStatus"
>;

/** grpc-js' call on one HTTP/2 stream, the innermost: it takes and gives messages with their prefix. */
export interface StreamCall extends BegunCall {
  readonly http2Stream: ClientHttp2Stream;
  readonly transport?: Http2Transport;
}

/** One HTTP/2 connection of grpc-js. */
interface Http2Transport {
  /** @throws Error when the connection takes no more calls */
  createCall(
    metadata: { toHttp2Headers(): OutgoingHttpHeaders },
    authority: string,
    path: string,
    listener: CallListener,
    stats: object,
  ): StreamCall;
}

/** As grpc-js says what it takes. */
const accepted = { "grpc-accept-encoding": "identity,deflate,gzip", "accept-encoding": "identity" };

/**
 * Calls straight on the HTTP/2 connection of a channel that has one. A channel takes each call through name resolution,
 * retries, load balancing and a stack of filters, which is about a third of what it costs, to find the one connection that there is.
 * Connecting, keepalive, limits and the meaning of status and resets stay with grpc-js.
 */
export class DirectCalls {
  /** How many streams the peer lets the connection have at once: its SETTINGS_MAX_CONCURRENT_STREAMS. */
  readonly maxStreams: number | undefined;
  readonly #transport: Http2Transport;
  readonly #authority: string;

  private constructor(transport: Http2Transport, authority: string, maxStreams: number | undefined) {
    this.#transport = transport;
    this.#authority = authority;
    this.maxStreams = maxStreams;
  }

  /** On the connection that this call is on; undefined where grpc-js does not show it. */
  static besides({ transport, http2Stream }: StreamCall): DirectCalls | undefined {
    const authority = http2Stream.sentHeaders?.[":authority"];
    if (typeof transport?.createCall !== "function" || typeof authority !== "string") return undefined;
    return new DirectCalls(transport, authority, http2Stream.session?.remoteSettings.maxConcurrentStreams);
  }

  /** Whether a call arrives this way as it would through the channel. */
  takes({ method, metadata }: Call): boolean {
    return method.kind === "unary" && isPlain(metadata);
  }

  /** @throws Error when the connection takes no more calls */
  begin({ method, metadata }: Call, timeout: string | undefined, listener: CallListener): BegunCall {
    const headers: OutgoingHttpHeaders = { ...metadata.toHttp2Headers(), ...accepted };
    if (timeout !== undefined) headers["grpc-timeout"] = timeout;
    const direct = new DirectCall(listener);
    const written = { toHttp2Headers: () => headers };
    direct.begun(this.#transport.createCall(written, this.#authority, method.path, direct, {}));
    return direct;
  }
}

/** Takes the prefix off messages and puts it on. */
class DirectCall implements BegunCall, CallListener {
  readonly #listener: CallListener;
  #call: StreamCall | undefined;
  #encoding = "identity";
  #inflating = false;
  /** That came while a message was being inflated. */
  #status: StatusObject | undefined;

  constructor(listener: CallListener) {
    this.#listener = listener;
  }

  begun(call: StreamCall): void {
    this.#call = call;
  }

  sendMessageWithContext(context: object, bytes: Buffer): void {
    this.#call?.sendMessageWithContext(context, framed(bytes));
  }

  halfClose(): void {
    this.#call?.halfClose();
  }

  startRead(): void {
    this.#call?.startRead();
  }

  cancelWithStatus(code: number, details: string): void {
    this.#call?.cancelWithStatus(code, details);
  }

  onReceiveMetadata(metadata: Metadata): void {
    const [encoding] = metadata.get("grpc-encoding");
    if (encoding !== undefined) {
      this.#encoding = String(encoding);
      metadata.remove("grpc-encoding");
    }
    metadata.remove("grpc-accept-encoding");
    this.#listener.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: Buffer): void {
    const bytes = message.subarray(prefixBytes);
    if (message[0] === 1) void this.#inflate(bytes);
    else this.#listener.onReceiveMessage(bytes);
  }

  onReceiveStatus(status: StatusObject): void {
    if (this.#inflating) this.#status = status;
    else this.#listener.onReceiveStatus(status);
  }

  async #inflate(bytes: Buffer): Promise<void> {
    this.#inflating = true;
    const inflated = await inflate(bytes, this.#encoding, longestMessage).catch(RpcError.from);
    this.#inflating = false;
    if (inflated instanceof RpcError) {
      const { code, reason: details } = inflated;
      if (this.#status) this.#listener.onReceiveStatus({ code, details, metadata: new Metadata() });
      else this.cancelWithStatus(code, details);
      return;
    }
    this.#listener.onReceiveMessage(inflated);
    if (this.#status) this.#listener.onReceiveStatus(this.#status);
  }
}

/** HTTP/2 takes it as it is. */
function isPlain(metadata: Metadata): boolean {
  for (const [key, values] of Object.entries(metadata.toJSON()))
    if (!isSendable(key, values.length)) return false;
  return true;
}

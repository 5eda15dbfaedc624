import { setImmediate } from "node:timers/promises";
import {
  Metadata,
  type sendUnaryData,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import type { Call, Handler, Reply } from "../../call/call.js";
import { isFlow, type Flow } from "../../call/flow.js";
import { createServerCall, isRequestStream } from "../../call/pipeline-call.js";
import { callerGone } from "../../call/caller-gone.js";
import { encodedMessage, messageParts } from "../../contract/codec.js";
import type { MethodContract } from "../../contract/contract.js";
import { RpcError } from "../../errors.js";
import type { Clock } from "../../ports/clock.js";
import { statusOf, undecodable, wrongKind } from "../answer-status.js";
import { hasEntries } from "../has-entries.js";
import { innerCall } from "./inner-call.js";
import { createResponseWriter, type ResponseStream } from "./response-writer.js";
import { linkPath } from "../../link/link-protocol.js";
import { RawMessages } from "./raw-messages.js";
import { rawRequestsOf, requestsOf } from "./server-requests.js";
import { sendable } from "./sendable.js";
import { peerOf } from "./server-peers.js";
import { TlsPeer } from "./tls-peer.js";

/** What the four kinds of grpc-js calls share. */
type AnyServerCall = Pick<
  ServerUnaryCall<object, object> &
    ServerReadableStream<object, object> &
    ServerWritableStream<object, object>,
  "metadata" | "getPeer" | "getDeadline" | "sendMetadata"
> & { readonly call?: object; on(event: "cancelled", listener: () => void): unknown };

export interface ServerCallEnv {
  readonly dispatch: Handler;
  readonly draining: AbortSignal;
  readonly clock: Clock;
  /** Whether callers may prove who they are. Default false. */
  readonly tls?: boolean | undefined;
  /** The longest request message; 0 for any. */
  readonly maxReceiveBytes: number;
}

/**
 * The grpc-js handler of one method, whatever its kind: builds the call, dispatches it, sends the reply. Responses come to
 * grpc-js as bytes.
 */
export function grpcHandler(
  method: MethodContract,
  env: ServerCallEnv,
): (grpc: AnyServerCall, callback?: sendUnaryData<object>) => void {
  const encode: Encode = (message) => encodedMessage(message, method.response);
  return (grpc, callback) => {
    // The end of a request may come after the call has ended, and grpc-js would never tell the handler.
    if (innerCall(grpc.call).cancelled) return;
    const raw =
      method.path === linkPath
        ? new RawMessages(innerCall(grpc.call).stream, env.maxReceiveBytes, (error) => sender.fail(error))
        : undefined;
    const decode = (bytes: Buffer): object => {
      try {
        return method.request.decode(bytes);
      } catch (error) {
        const unreadable = undecodable(error);
        sender.fail(unreadable);
        throw unreadable;
      }
    };
    const { call, responseHeader, responseTrailer } = receive(method, grpc, env, raw, decode);
    const sender = callback
      ? unarySender(grpc, callback, encode, responseHeader, responseTrailer)
      : streamSender(
          grpc as unknown as ResponseStream,
          raw
            ? (message) => raw.write(messageParts(message, method.response))
            : writing(createResponseWriter(grpc as unknown as ResponseStream, call), encode),
          responseHeader,
          responseTrailer,
        );
    // The first of reply, cancellation and deadline is what the caller gets.
    call.onCancel((reason) => sender.fail(reason));
    // grpc-js says so of every call that has ended, the answered ones too.
    grpc.on("cancelled", () => {
      if (!sender.done) call.cancel(callerGone(call, env.clock));
    });
    const send = (reply: Reply): void => {
      try {
        sender.send(reply);
      } catch (error) {
        sender.fail(error);
        // Nobody will read the reply to its end.
        call.cancel(RpcError.from(error));
      }
    };
    env.dispatch(call).then(send, sender.fail);
  };
}

function receive(
  method: MethodContract,
  grpc: AnyServerCall,
  env: ServerCallEnv,
  raw: RawMessages | undefined,
  decode: (bytes: Buffer) => object,
): { call: Call; responseHeader: Metadata; responseTrailer: Metadata } {
  const responseHeader = new Metadata();
  const responseTrailer = new Metadata();
  const gone = (): unknown => {
    call.cancel(callerGone(call, env.clock));
    return call.cancelReason;
  };
  const request = raw
    ? rawRequestsOf(raw, grpc, decode, gone)
    : isRequestStream(method)
      ? requestsOf(grpc as unknown as ServerReadableStream<object, object>, gone)
      : (grpc as unknown as ServerUnaryCall<object, object>).request;
  const parts = { method, metadata: grpc.metadata, deadline: deadlineOf(grpc, env.clock), request };
  const address = peerOf(grpc);
  const peer = env.tls
    ? new TlsPeer(address, innerCall((grpc as { readonly call?: object }).call).stream)
    : { address };
  const call: Call = createServerCall(parts, {
    responseHeader,
    responseTrailer,
    draining: env.draining,
    peer,
  });
  return { call, responseHeader, responseTrailer };
}

/** From grpc-js' wall clock to ours. */
function deadlineOf(grpc: AnyServerCall, clock: Clock): number {
  const deadline = grpc.getDeadline();
  const at = deadline instanceof Date ? deadline.getTime() : deadline;
  return at === Infinity ? Infinity : clock.now() + (at - Date.now());
}

interface Sender {
  /** The whole answer, or the failure, has been handed to grpc-js. */
  readonly done: boolean;
  send(reply: Reply): void;
  fail(error: unknown): void;
}

type Encode = (message: object) => Buffer;

/** What it returns resolves when the next message may come: undefined when that is now. */
type Write<Message> = (message: Message) => Promise<void> | undefined;

function writing(write: Write<Buffer>, encode: Encode): Write<object> {
  return (message) => write(encode(message));
}

function unarySender(
  grpc: AnyServerCall,
  callback: sendUnaryData<object>,
  encode: Encode,
  header: Metadata,
  trailer: Metadata,
): Sender {
  let done = false;
  const sendHeader = (): void => {
    if (hasEntries(header)) grpc.sendMetadata(sendable(header));
  };
  return {
    get done() {
      return done;
    },
    send(reply) {
      if (done) return;
      if (reply.responseStream) throw wrongKind(reply);
      const bytes = encode(reply.response);
      done = true;
      sendHeader();
      callback(null, bytes, sendable(trailer));
    },
    fail(error) {
      if (done) return;
      done = true;
      sendHeader();
      callback(statusOf(error, trailer), null);
    },
  };
}

function streamSender(
  grpc: ResponseStream,
  write: Write<object>,
  header: Metadata,
  trailer: Metadata,
): Sender {
  let done = false;
  const fail = (error: unknown): void => {
    if (done) return;
    done = true;
    grpc.emit("error", statusOf(error, trailer));
  };
  const end = (): void => {
    if (done) return;
    done = true;
    grpc.end(sendable(trailer));
  };
  const pump = async (response: AsyncIterable<object>): Promise<void> => {
    const messages = response[Symbol.asyncIterator]();
    const first = messages.next();
    // A handler sets its headers as it begins, but one that waits for its first message must not keep the stream from opening.
    await Promise.race([first, setImmediate()]);
    if (!done) grpc.sendMetadata(sendable(header));
    let result = await first;
    try {
      for (; !result.done; result = await messages.next()) {
        if (done) return;
        // A reader that does not keep up holds the handler here.
        const room = write(result.value);
        if (room) await room;
      }
    } finally {
      if (!result.done) await messages.return?.();
    }
    end();
  };
  /** What flows sets no headers while it does. */
  const pass = async (response: Flow<object>): Promise<void> => {
    grpc.sendMetadata(sendable(header));
    await response.flowInto((message) => {
      if (done) throw new Error("the call has ended");
      return write(message);
    });
    end();
  };
  return {
    get done() {
      return done;
    },
    send(reply) {
      if (done) return;
      if (!reply.responseStream) throw wrongKind(reply);
      const { response } = reply;
      void (isFlow(response) ? pass(response) : pump(response)).catch(fail);
    },
    fail,
  };
}

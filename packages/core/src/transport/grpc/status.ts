import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { Code, codeOf } from "../../code.js";
import { RpcError } from "../../errors.js";
import { hasEntries } from "../has-entries.js";

/** What grpc-js says when it had no connection to send a call on. */
const neverSentTexts = [
  "Stream refused by server",
  "No connection established",
  "Channel closed before call started",
];

/** The connection went away between the choice of it and the first frame; a bad header is refused in other words. */
const notStarted =
  /^(Failed to start HTTP\/2 stream with error|Received RST_STREAM with code \d+ triggered by internal client error:) .*(session has been destroyed|after receiving a GOAWAY|No stream ID is available)/;

/** What grpc-js says of a stream or connection that broke, when headers had come. */
const brokenTexts = ["Call cancelled", "Connection dropped", "Received RST_STREAM with code"];

/**
 * The error of a call that grpc-js ended with `status`.
 *
 * grpc-js makes some statuses itself, which have no trailing metadata. Only a few of its texts prove that no handler saw
 * the call, and a handler can answer with the same code and text; but then headers or a `content-type` in the metadata
 * came with it. After headers a handler can forge the texts of broken streams: that only makes its own answer uncertain.
 */
export function rpcErrorOf(told: StatusObject, headersReceived: boolean, path: string): RpcError {
  const status = whole(told);
  const local = !hasEntries(status.metadata) && (!headersReceived || startsWith(status, brokenTexts));
  const code = codeOf(status.code);
  if (!local) {
    const trailer = status.metadata;
    trailer.remove("content-type");
    return new RpcError(code, status.details, { path, origin: "remote", trailer });
  }
  const processed = !headersReceived && neverSent(status) ? "no" : "unknown";
  const gone = processed === "no" || brokenStream(status);
  return new RpcError(gone ? Code.Unavailable : code, status.details, { path, processed });
}

/** For a message that is compressed in a way that it does not know grpc-js makes a status with neither code nor text. */
function whole(status: Partial<StatusObject>): StatusObject {
  const {
    code = Code.Internal,
    details = "the answer cannot be decompressed",
    metadata = new Metadata(),
  } = status;
  return { code, details, metadata };
}

function startsWith(status: StatusObject, texts: readonly string[]): boolean {
  return texts.some((text) => status.details.startsWith(text));
}

function neverSent(status: StatusObject): boolean {
  return status.code === Code.Unavailable
    ? startsWith(status, neverSentTexts)
    : status.code === Code.Internal && notStarted.test(status.details);
}

/** A server that is forced down resets its streams: grpc-js says CANCELLED or INTERNAL, though nobody cancelled and no bug is meant. */
function brokenStream(status: StatusObject): boolean {
  return (
    status.code === Code.Cancelled ||
    (status.code === Code.Internal && /RST_STREAM|ECONNRESET|EPIPE/.test(status.details))
  );
}

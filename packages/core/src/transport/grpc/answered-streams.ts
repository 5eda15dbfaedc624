import { constants, type ServerHttp2Stream } from "node:http2";

/** Between looks at an answer on its way, in milliseconds: callers who end their requests by themselves come first. */
const lookMs = 20;

/**
 * Resets the streams that were answered before their requests had come to an end: nobody else would end them. With
 * NO_ERROR, as RFC 9113 (8.1) has it: the answer stands, and the caller need not send the rest.
 */
export function resetWhenAnswered(stream: ServerHttp2Stream): void {
  stream.on("wantTrailers", () => {
    if (!stream.readableEnded) lookLater(stream);
  });
  // A status that went out as the only headers has no trailers after it. Refusals are such: they must not pile up.
  stream.on("finish", () => {
    if (!stream.readableEnded && stream.sentHeaders && "grpc-status" in stream.sentHeaders)
      setImmediate(look, stream);
  });
}

function lookLater(stream: ServerHttp2Stream): void {
  setTimeout(look, lookMs, stream).unref();
}

function look(stream: ServerHttp2Stream): void {
  if (stream.readableEnded || stream.closed || stream.destroyed) return;
  // A reset drops what is still to be sent, and a peer that does not read may keep it waiting.
  if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
  else lookLater(stream);
}

import { Metadata } from "@grpc/grpc-js";
import type { Code } from "../code.js";
import { file, type Status, type StatusInit } from "../gen/google/rpc/status.js";
import type { Detail } from "./detail-type.js";

/** The trailer in which an error's details travel: an encoded google.rpc.Status. */
export const detailsTrailer = "grpc-status-details-bin";

/**
 * The longest status with details that is sent. In base64 it fits, with the message beside it, into the 8 KiB of trailers
 * that peers take by default.
 */
export const mostSentBytes: number = 4 * 1024;

/**
 * The longest that is read. Two bytes can stand for a whole object, so reading costs a multiple of it; and longer trailers
 * do not reach most clients: gRPC's C core refuses metadata of more than 16 KiB.
 */
const mostReadBytes = 16 * 1024;

const none: readonly Detail[] = Object.freeze([]);

/** The metadata with the details in it; those that do not fit are left out, the last ones first. */
export function withDetails(
  metadata: Metadata,
  code: Code,
  message: string,
  details: readonly Detail[],
): Metadata {
  const codec = file.message("google.rpc.Status");
  for (let kept = details.length; kept > 0; kept--) {
    const status: StatusInit = { code, message, details: details.slice(0, kept).map(anyOf) };
    const bytes = codec.encode(status);
    if (bytes.byteLength > mostSentBytes) continue;
    const result = metadata.clone();
    result.set(detailsTrailer, bytes);
    return result;
  }
  return metadata;
}

/** The details in received metadata: none when they cannot be read, or are of a status with another code. */
export function readDetails(metadata: Metadata, code: Code): readonly Detail[] {
  const [bytes] = metadata.get(detailsTrailer);
  if (!Buffer.isBuffer(bytes) || bytes.byteLength > mostReadBytes) return none;
  try {
    const status = file.message("google.rpc.Status").decode(bytes) as Status;
    if (status.code !== code) return none;
    return Object.freeze(status.details.map(({ typeUrl, value }) => ({ typeUrl, bytes: value })));
  } catch {
    return none;
  }
}

/** What is sent with an error: the handler's trailers, then the error's own. Details are the error's alone. */
export function errorTrailer(error: { readonly trailer: Metadata }, responseTrailer: Metadata): Metadata {
  const trailer = responseTrailer.clone();
  trailer.remove(detailsTrailer);
  trailer.merge(error.trailer);
  return trailer;
}

function anyOf({ typeUrl, bytes }: Detail): { typeUrl: string; value: Uint8Array } {
  return { typeUrl, value: bytes };
}

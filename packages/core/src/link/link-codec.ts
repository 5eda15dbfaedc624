import { encodedMessage, type Codec } from "../contract/codec.js";
import { Link, type Frame } from "../gen/rollcall/link/v1/link.js";
import type { MethodContract, ServiceContract } from "../contract/contract.js";

/** The tag of `Frame.lane_batch`. */
const batchTag = (8 << 3) | 2;

const { open } = Link.methods;

/** Batches pass through as bytes: through a codec they would be copied, and take longer than the calls in them. */
const frames: Codec = {
  encode: (frame) => encodedMessage(frame, open.request),
  decode: (bytes) => batchIn(bytes) ?? open.request.decode(bytes),
};

/** `rollcall.link.v1.Link/Open`, as it is called and served. */
export const linkMethod: MethodContract = { ...open, request: frames, response: frames };

/** `rollcall.link.v1.Link` with that method. */
export const linkContract: ServiceContract<Link> = { ...Link, methods: { open: linkMethod } };

/** The frame, when all of its bytes are one batch. */
function batchIn(bytes: Uint8Array): Frame | undefined {
  if (bytes[0] !== batchTag) return undefined;
  let at = 1;
  let length = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) return undefined;
    length |= (byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    if (at + length !== bytes.length) return undefined;
    return { kind: "laneBatch", laneBatch: bytes.subarray(at) as Buffer };
  }
  return undefined;
}

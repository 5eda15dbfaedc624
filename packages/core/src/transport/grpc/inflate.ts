import { promisify } from "node:util";
import { gunzip, inflate as inflateZlib } from "node:zlib";
import { Code } from "../../code.js";
import { RpcError } from "../../errors.js";

const inflaters = new Map([
  ["gzip", promisify(gunzip)],
  ["deflate", promisify(inflateZlib)],
]);

/**
 * The bytes of a message that came compressed.
 * @param maxBytes the longest message
 * @throws RpcError for one that is longer, broken, or compressed in a way that was not announced
 */
export async function inflate(bytes: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const inflater = inflaters.get(encoding);
  if (!inflater)
    throw new RpcError(Code.Internal, `Received a compressed message, and "grpc-encoding" is ${encoding}`);
  try {
    return await inflater(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw new RpcError(
        Code.ResourceExhausted,
        `Received message that decompresses to a size larger than ${maxBytes}`,
      );
    throw new RpcError(Code.Internal, `Failed to decompress ${encoding}-encoded message`);
  }
}

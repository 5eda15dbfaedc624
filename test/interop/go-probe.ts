import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What one call of the Go client came to. */
export interface Probed {
  /** As Go names it: `OK`, `ResourceExhausted`. */
  readonly code: string;
  readonly message: string;
  /** Of the response's payload. */
  readonly bytes: number;
  readonly header: Readonly<Record<string, readonly string[]>> | null;
  readonly trailer: Readonly<Record<string, readonly string[]>> | null;
}

/** Makes one unary call with grpc-go: `-gzip`, `-size`, `-metadata-bytes`, `-timeout`, `-status`, `-message`. */
export async function probe(binary: string, address: string, ...args: string[]): Promise<Probed> {
  const { stdout } = await promisify(execFile)(binary, ["probe", "-address", address, ...args]);
  return JSON.parse(stdout) as Probed;
}

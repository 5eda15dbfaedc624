import { Metadata } from "@grpc/grpc-js";
import { Code } from "../code.js";
import type { RpcError } from "../errors.js";
import type { End } from "./call.js";

/** The end of a call that went well. */
export function okEnd(trailer: Metadata = new Metadata()): End {
  return { code: Code.Ok, error: undefined, trailer };
}

/** The end of a call that failed. */
export function errorEnd(error: RpcError): End {
  return { code: error.code, error, trailer: error.trailer };
}

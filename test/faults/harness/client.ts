import { createClient, type ClientOf, type CreateClientOptions } from "@rollcall/app";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import type { RowContext } from "./context.js";

/** A client in this process, for rows that make single calls. */
export function ordersClient(
  context: RowContext,
  registry: string,
  options: Omit<CreateClientOptions, "registry" | "fallback"> = {},
): ClientOf<Orders> {
  return context.use(createClient(Orders, { registry, timeoutMs: 2_000, ...options }));
}

/** The code that a call failed with; 0 when it was answered, -1 when it threw anything but an `RpcError`. */
export async function codeOfCall(call: Promise<unknown>): Promise<number> {
  try {
    await call;
    return 0;
  } catch (error) {
    return (error as { code?: number }).code ?? -1;
  }
}

import type { Handler } from "../call/call.js";
import type { RouteSource } from "../routing/route-stage.js";

/** Where a client's pipeline ends. */
export interface Destination extends RouteSource {
  readonly send: Handler;
}

import type { ChannelOptions } from "@grpc/grpc-js";
import type { ServiceInstance } from "../../ports/registry.js";

/** Rollcall's own servers take every ping. */
const rollcallPeer = { timeMs: 20_000, timeoutMs: 5_000 };

/**
 * Servers of Go, C++ and Java end connections that ping more often than every 5 min without data in between (GOAWAY
 * ENHANCE_YOUR_CALM, `too_many_pings`), and only their operators can permit more. Routers forget idle connections after
 * about 350 s.
 * Source: gRFC A8 and A9.
 */
const otherPeer = { timeMs: 310_000, timeoutMs: 20_000 };

/** How often a connection with calls in flight is pinged: a record with an incarnation is one that Rollcall wrote. */
export function keepaliveOf({ incarnation }: ServiceInstance): ChannelOptions {
  const { timeMs, timeoutMs } = incarnation === "" ? otherPeer : rollcallPeer;
  return { "grpc.keepalive_time_ms": timeMs, "grpc.keepalive_timeout_ms": timeoutMs };
}

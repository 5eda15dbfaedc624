import { readFileSync } from "node:fs";

/** Ports from `from` up to `to`, which is not one of them. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** Below are those that services are known by; from its end on Kubernetes has its node ports, on which nobody listens. */
const preferred: PortRange = { from: 10_000, to: 30_000 };

/** With fewer than this a port is not found quickly. */
const leastPorts = 1_000;

/**
 * Ports that the system does not give to those who listen on any port or connect to another: all others are given away again
 * within milliseconds. Where it gives out nearly all there are, as some machines are set up, these are too few to be had,
 * and it may give out what is said here as well.
 * @param localRange Linux' `net.ipv4.ip_local_port_range`. Elsewhere the system's own ports begin at 49152 (RFC 6335)
 */
export function stablePorts(localRange: string = readLocalRange()): PortRange {
  const [first, last] = localRange.trim().split(/\s+/).map(Number) as [number, number?];
  if (!(Number.isInteger(first) && first > 0)) return preferred;
  const below = { from: preferred.from, to: Math.min(preferred.to, first) };
  if (below.to - below.from >= leastPorts) return below;
  const above = { from: Math.max(preferred.from, (last ?? 65_535) + 1), to: 65_536 };
  return above.to - above.from >= leastPorts ? above : preferred;
}

function readLocalRange(): string {
  try {
    return readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  } catch {
    return "49152 65535";
  }
}

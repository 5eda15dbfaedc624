import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

const everywhere = new Set(["0.0.0.0", "::", "[::]"]);

/** The `host:port` by which callers reach a server that listens on `host` and `port`. */
export function advertisedAddress(advertise: string, host: string, port: number): string {
  if (/:\d+$/.test(advertise) && !isIPv6(advertise)) return advertise;
  const name = advertise || (everywhere.has(host) ? firstExternal() : host);
  return isIPv6(name) ? `[${name}]:${port}` : `${name}:${port}`;
}

function firstExternal(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find((each) => !each.internal && each.family === "IPv4")?.address ?? "127.0.0.1";
}

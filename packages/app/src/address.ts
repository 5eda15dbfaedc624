import { networkInterfaces } from "node:os";

const everywhere = new Set(["0.0.0.0", "::", "[::]"]);

/** The `host:port` by which callers reach a server that listens on `host` and `port`. */
export function advertisedAddress(advertise: string, host: string, port: number): string {
  if (/:\d+$/.test(advertise) && !/^[0-9a-f:]+$/i.test(advertise)) return advertise;
  const name = advertise || (everywhere.has(host) ? firstExternal() : host);
  return name.includes(":") && !name.startsWith("[") ? `[${name}]:${port}` : `${name}:${port}`;
}

function firstExternal(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find((each) => !each.internal && each.family === "IPv4")?.address ?? "127.0.0.1";
}

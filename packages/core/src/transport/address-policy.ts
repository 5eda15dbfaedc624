import { BlockList, isIP, isIPv6 } from "node:net";
import { ConfigError } from "../errors.js";

/** Which addresses from a registry a client connects to. */
export interface AddressPolicy {
  /** @throws Error saying why, when `host:port` is of another form, or its host an IP address that is not allowed */
  check(address: string): void;
  /** What is wrong with the IP address that a connection was made to, whatever name led there. */
  refusal(ip: string): string | undefined;
}

/** Metadata services of clouds answer here, with secrets; the rest are ways to write such an address in IPv6. */
const linkLocal: readonly (readonly [string, number])[] = [
  ["169.254.0.0", 16],
  ["fe80::", 10],
  ["::a9fe:0", 112],
  ["64:ff9b::a9fe:0", 112],
  ["64:ff9b:1::a9fe:0", 112],
  ["2002:a9fe::", 32],
];

const name = /^[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?\.?$/;
/** What a resolver reads as an IPv4 address in another form: `2852039166`, `0xa9fea9fe`, `169.254.43518`. */
const disguised = /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i;

/**
 * Without `allowedCidrs` every address is allowed but link-local ones. With them only what they contain is, loopback
 * included, and link-local addresses only by a range within those. Addresses have the form `host:port` or `[ipv6]:port`:
 * `unix:` and other schemes are no addresses of a registry.
 * @throws ConfigError for what is no CIDR
 */
export function createAddressPolicy(allowedCidrs: readonly string[] = []): AddressPolicy {
  const refused = new BlockList();
  for (const [base, prefix] of linkLocal) refused.addSubnet(base, prefix, familyOf(base));
  const allowed = new BlockList();
  const allowedLinkLocal = new BlockList();
  for (const cidr of allowedCidrs) {
    const { base, prefix } = parseCidr(cidr);
    const within = linkLocal.some(([of, bits]) => prefix >= bits && contains(of, bits, base));
    (within ? allowedLinkLocal : allowed).addSubnet(base, prefix, familyOf(base));
  }
  const refusal = (written: string): string | undefined => {
    const ip = canonical(written);
    if (isIP(ip) === 0) return `${JSON.stringify(written)} is not an IP address`;
    const family = familyOf(ip);
    if (refused.check(ip, family))
      return allowedLinkLocal.check(ip, family) ? undefined : `${ip} is link-local`;
    if (allowedCidrs.length === 0 || allowed.check(ip, family)) return undefined;
    return `${ip} is not in ${allowedCidrs.join(", ")}`;
  };
  return {
    refusal,
    check(address) {
      const host = hostOf(address);
      if (host === undefined)
        throw new Error(`the address ${JSON.stringify(address.slice(0, 256))} is not host:port`);
      if (isIP(canonical(host)) === 0 && !disguised.test(host)) return;
      const reason = refusal(host);
      if (reason !== undefined)
        throw new Error(`the address is not allowed: ${reason} (ROLLCALL_ALLOWED_CIDRS)`);
    },
  };
}

/**
 * The parts of an address range, IPv4 in its own form also where it was mapped into IPv6.
 * @throws ConfigError for text that is no CIDR
 */
export function parseCidr(cidr: string): { readonly base: string; readonly prefix: number } {
  const [, written = "", bits = ""] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  const base = canonical(written);
  const mapped = isIPv6(written) && base !== written;
  const prefix = Number(bits) - (mapped ? 96 : 0);
  const most = isIPv6(base) ? 128 : 32;
  if (isIP(base) === 0 || bits === "" || prefix < 0 || prefix > most)
    throw new ConfigError(
      `option allowedCidrs (ROLLCALL_ALLOWED_CIDRS) has ${JSON.stringify(cidr)}; allowed: address/bits, as 10.0.0.0/8 or fd00::/8`,
    );
  return { base, prefix };
}

function hostOf(address: string): string | undefined {
  const [, host = "", port] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  const literal = /^\[([0-9a-fA-F:.]+)(?:%[\w.-]+)?\]$/.exec(host)?.[1];
  if (literal !== undefined) return isIPv6(literal) ? literal : undefined;
  return host.length <= 253 && name.test(host) ? host : undefined;
}

/** One form for each address: no zone, and IPv4 when it is IPv4 in IPv6's clothes (`::ffff:a.b.c.d`, RFC 4291, 2.5.5.2). */
function canonical(ip: string): string {
  const [address = ""] = ip.split("%");
  if (!isIPv6(address)) return address;
  // The URL parser writes every IPv6 address in one way.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}

function contains(base: string, prefix: number, ip: string): boolean {
  const list = new BlockList();
  list.addSubnet(base, prefix, familyOf(base));
  return list.check(ip, familyOf(ip));
}

function familyOf(ip: string): "ipv4" | "ipv6" {
  return isIPv6(ip) ? "ipv6" : "ipv4";
}

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../errors.js";
import { createAddressPolicy } from "./address-policy.js";

/** What a policy says: undefined for yes. */
function verdict(address: string, allowedCidrs?: readonly string[]): string | undefined {
  try {
    createAddressPolicy(allowedCidrs).check(address);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const metadataService = [
  "169.254.169.254:80",
  "169.254.0.1:1",
  "[fe80::1]:80",
  "[febf:ffff::1]:80",
  "[fe80::1%eth0]:80",
  "[::ffff:169.254.169.254]:80",
  "[::ffff:a9fe:a9fe]:80",
  "[0:0:0:0:0:FFFF:A9FE:A9FE]:80",
  "[::169.254.169.254]:80",
  "[64:ff9b::169.254.169.254]:80",
  "[64:ff9b:1::a9fe:a9fe]:80",
  "[2002:a9fe:a9fe::1]:80",
  "2852039166:80",
  "0xa9fea9fe:80",
  "0xA9.0xfe.169.254:80",
  "0251.0376.0251.0376:80",
  "169.254.43518:80",
  "169.16689662:80",
  "169.254.169.254.:80",
];

describe("addresses from a registry", () => {
  it("may be any but link-local ones", () => {
    for (const address of [
      "10.0.0.1:80",
      "127.0.0.1:1",
      "[::1]:65535",
      "orders-0.shop.svc:80",
      "a_b.c.:1",
      "8.8.8.8:1",
    ])
      expect(verdict(address), address).toBeUndefined();
    for (const address of metadataService) expect(verdict(address), address).toBeDefined();
  });

  it("must be host:port, with no scheme and nothing else around", () => {
    for (const address of [
      "",
      "a",
      "a:",
      ":80",
      "a:0",
      "a:65536",
      "unix:/run/x.sock",
      "unix:///run/x.sock:80",
      "unix:x:80",
      "unix-abstract:x:80",
      "vsock:1:80",
      "dns:///a:80",
      "dns:a:80",
      "http://a:80",
      "ipv4:10.0.0.1:80",
      "10.0.0.1:80,10.0.0.2:80",
      "a/b:80",
      "a b:80",
      "a\n:80",
      "user@a:80",
      "[a]:80",
      "[::1:80",
      "::1:80",
      "[::1]80",
      "[10.0.0.1]:80",
      "-a:80",
      "%2f:80",
      "ü:80",
      `${"a".repeat(254)}:80`,
    ])
      expect(verdict(address), JSON.stringify(address)).toMatch(/is not host:port/);
  });

  it("are only those in the allowed ranges, where there are any", () => {
    const ranges = ["10.0.0.0/8", "fd00::/8"];
    for (const address of [
      "10.1.2.3:80",
      "[fd12::1]:80",
      "[::ffff:10.1.2.3]:80",
      "[::ffff:a01:203]:80",
      "some.name:80",
    ])
      expect(verdict(address, ranges), address).toBeUndefined();
    for (const address of [
      "11.0.0.1:80",
      "127.0.0.1:80",
      "[::1]:80",
      "[fe80::1]:80",
      "0.0.0.0:80",
      "[::]:80",
    ])
      expect(verdict(address, ranges), address).toBeDefined();
    expect(verdict("192.0.2.1:80", ranges)).toBe(
      "the address is not allowed: 192.0.2.1 is not in 10.0.0.0/8, fd00::/8 (ROLLCALL_ALLOWED_CIDRS)",
    );
  });

  it("are not link-local in a range of everything, only in one of their own", () => {
    for (const address of metadataService)
      expect(verdict(address, ["0.0.0.0/0", "::/0"]), address).toBeDefined();
    expect(verdict("169.254.1.2:80", ["169.254.1.0/24"])).toBeUndefined();
    expect(verdict("[::ffff:169.254.1.2]:80", ["169.254.1.0/24"])).toBeUndefined();
    expect(verdict("169.254.2.2:80", ["169.254.1.0/24"])).toBeDefined();
    expect(verdict("[fe80::1]:80", ["fe80::/10"])).toBeUndefined();
    expect(verdict("10.0.0.1:80", ["::ffff:10.0.0.0/104"])).toBeUndefined();
  });

  it("are judged alike in every way that an IPv4 address can be written in IPv6", () => {
    const octet = fc.nat(255);
    const interesting = fc
      .constantFrom([169, 254], [10, 0], [127, 0])
      .chain((start) => fc.tuple(octet, octet).map((end) => [...start, ...end]));
    const ip = fc.oneof(
      interesting,
      fc.tuple(octet, octet, octet, octet).map((all) => [...all]),
    );
    fc.assert(
      fc.property(ip, fc.constantFrom(undefined, ["10.0.0.0/8"]), ([a = 0, b = 0, c = 0, d = 0], ranges) => {
        const dotted = [a, b, c, d].join(".");
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        const plain = verdict(`${dotted}:80`, ranges) === undefined;
        for (const form of [
          `::ffff:${dotted}`,
          `::FFFF:${hex}`,
          `0:0:0:0:0:ffff:${hex}`,
          `::ffff:${dotted}%1`,
        ])
          expect(verdict(`[${form}]:80`, ranges) === undefined, form).toBe(plain);
        const policy = createAddressPolicy(ranges);
        expect(policy.refusal(`::ffff:${dotted}`) === undefined).toBe(plain);
      }),
    );
  });

  it("never break the check, whatever they are", () => {
    const piece = fc.constantFrom(
      "[",
      "]",
      ":",
      "::",
      ".",
      "%",
      "0x",
      "169.254",
      "fe80",
      "a",
      "/",
      "80",
      "ffff",
      "\0",
    );
    const hostile = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(hostile, (address) => {
        const said = verdict(address) ?? "";
        expect(said === "" || /^the address (".*" is not host:port|is not allowed: .*)/s.test(said)).toBe(
          true,
        );
        expect(typeof createAddressPolicy().refusal(address)).toMatch(/string|undefined/);
      }),
    );
  });

  it("cannot be allowed by what is no range", () => {
    for (const wrong of [
      "",
      "10.0.0.0",
      "10.0.0.0/33",
      "10.0.0/8",
      "fd00::/129",
      "a/8",
      "10.0.0.0/-1",
      "::ffff:10.0.0.0/8",
    ])
      expect(() => createAddressPolicy([wrong]), wrong).toThrow(ConfigError);
  });
});

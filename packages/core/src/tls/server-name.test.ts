import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../errors.js";
import { createAuthority, type AltName } from "../fixtures/certificates.js";
import { identityOf, isIdentity } from "./peer-identity.js";
import { certifies, describeNames, expandServerName, isSpiffeId, sniOf } from "./server-name.js";

const authority = createAuthority();
const issue = (names: readonly AltName[], cn = "test"): X509Certificate =>
  new X509Certificate(authority.issue({ names, cn }).cert);
const orders = "spiffe://prod.example/ns/shop/sa/orders";

describe("the expected name of a server", () => {
  it("is made of the contract's", () => {
    const expand = (template: string): string => expandServerName(template, "shop.v1.HTTPOrderHistory");
    expect(expand("{service}")).toBe("shop.v1.HTTPOrderHistory");
    expect(expand("{name}.shop.svc")).toBe("http-order-history.shop.svc");
    expect(expand("spiffe://prod/ns/shop/sa/{name}")).toBe("spiffe://prod/ns/shop/sa/http-order-history");
    expect(expand("10.0.0.1")).toBe("10.0.0.1");
    expect(expand("fd00::1")).toBe("fd00::1");
  });

  it("is refused when it is no name", () => {
    for (const wrong of [
      "",
      "a b",
      "*.shop",
      "https://shop",
      "shop:443",
      "{host}",
      "spiffe://",
      "spiffe://prod",
      "spiffe://prod/",
      "spiffe://Prod/a",
      "spiffe://prod/a/../b",
      "spiffe://prod/a?b",
      "a..b",
      "-a",
      `${"a".repeat(64)}.b`,
    ])
      expect(() => expandServerName(wrong, "shop.v1.Orders"), wrong).toThrow(ConfigError);
  });

  it("is announced when it is a DNS name", () => {
    expect(["shop.internal", "10.0.0.1", "::1", orders].map(sniOf)).toEqual(["shop.internal", "", "", ""]);
  });
});

describe("a server's certificate", () => {
  it("is for its DNS names and addresses, never for its common name", () => {
    const certificate = issue([{ dns: "shop.internal" }, { ip: [10, 0, 0, 1] }], "other.internal");
    const ok = ["shop.internal", "SHOP.internal", "10.0.0.1"];
    for (const name of ok) expect(certifies(certificate, name), name).toBe(true);
    for (const name of ["other.internal", "internal", "a.shop.internal", "10.0.0.2"])
      expect(certifies(certificate, name), name).toBe(false);
    expect(certifies(issue([], "shop.internal"), "shop.internal")).toBe(false);
  });

  it("may have a wildcard for one whole label", () => {
    const certificate = issue([{ dns: "*.shop.internal" }, { dns: "f*.internal" }]);
    expect(certifies(certificate, "orders.shop.internal")).toBe(true);
    for (const name of ["shop.internal", "a.b.shop.internal", "foo.internal"])
      expect(certifies(certificate, name), name).toBe(false);
  });

  it("is for a SPIFFE id that is its only URI, letter by letter", () => {
    expect(certifies(issue([{ uri: orders }]), orders)).toBe(true);
    expect(certifies(issue([{ dns: "a" }, { uri: orders }]), orders)).toBe(true);
    const wrong: AltName[][] = [
      [{ uri: orders }, { uri: orders }],
      [{ uri: orders }, { uri: "https://shop" }],
      [{ uri: orders.replace("prod", "PROD") }],
      [{ uri: `${orders}/` }],
      [{ uri: `${orders}\0.evil` }],
      [{ uri: `https://evil, URI:${orders}` }],
      [{ dns: `evil, URI:${orders}` }],
      [{ dns: orders }],
      [{ email: orders }],
      [{ uri: `"${orders}"` }],
    ];
    for (const names of wrong) expect(certifies(issue(names), orders), JSON.stringify(names)).toBe(false);
    expect(certifies(issue([], orders), orders)).toBe(false);
    expect(certifies(issue([], `x, URI:${orders}`), orders)).toBe(false);
  });

  it("is described by its names, as text that nobody can mistake", () => {
    expect(describeNames(issue([{ dns: "a\nb" }, { uri: orders }]))).toBe(`"${orders}", "a\\nb"`);
    expect(describeNames(issue(Array.from({ length: 7 }, (_, n) => ({ dns: `n${n}` }))))).toMatch(
      /"n4", 2 more$/,
    );
    expect(describeNames(issue([]))).toBe("no name");
  });
});

describe("a peer's identity", () => {
  it("is its one URI, or else its first DNS name", () => {
    expect(identityOf(issue([{ dns: "a" }, { uri: orders }]))).toBe(orders);
    expect(identityOf(issue([{ dns: "a" }, { dns: "b" }]))).toBe("a");
    expect(identityOf(issue([{ uri: orders }, { uri: "https://shop" }, { dns: "a" }]))).toBeUndefined();
  });

  it("is not made of a name that could stand for another kind", () => {
    for (const name of [
      { dns: orders },
      { dns: "*.a" },
      { uri: "orders" },
      { uri: "a b://c" },
      { dns: "a\0" },
    ])
      expect(identityOf(issue([name])), JSON.stringify(name)).toBeUndefined();
    expect(identityOf(issue([], "orders"))).toBeUndefined();
  });

  it("has a form of its own for each kind", () => {
    expect([orders, "orders.shop", "*.shop", "a,b", ""].map(isIdentity)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([orders, `${orders}/`, "spiffe://t/."].map(isSpiffeId)).toEqual([true, false, false]);
  });
});

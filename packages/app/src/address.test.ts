import { describe, expect, it } from "vitest";
import { advertisedAddress } from "./address.js";

describe("the advertised address", () => {
  it("is what is advertised, with the port when it says none", () => {
    expect(advertisedAddress("shop.local", "0.0.0.0", 80)).toBe("shop.local:80");
    expect(advertisedAddress("shop.local:8080", "0.0.0.0", 80)).toBe("shop.local:8080");
    expect(advertisedAddress("10.0.0.1:8080", "0.0.0.0", 80)).toBe("10.0.0.1:8080");
  });

  it("does not take a short name with a port for IPv6", () => {
    expect(advertisedAddress("db:5000", "0.0.0.0", 80)).toBe("db:5000");
    expect(advertisedAddress("cafe:8080", "0.0.0.0", 80)).toBe("cafe:8080");
  });

  it("puts IPv6 in brackets", () => {
    expect(advertisedAddress("::1", "0.0.0.0", 80)).toBe("[::1]:80");
    expect(advertisedAddress("2001:db8::1", "0.0.0.0", 80)).toBe("[2001:db8::1]:80");
    expect(advertisedAddress("fe80::1%eth0", "0.0.0.0", 80)).toBe("[fe80::1%eth0]:80");
    expect(advertisedAddress("[::1]", "0.0.0.0", 80)).toBe("[::1]:80");
    expect(advertisedAddress("[::1]:8080", "0.0.0.0", 80)).toBe("[::1]:8080");
    expect(advertisedAddress("", "::1", 80)).toBe("[::1]:80");
  });

  it("is the host that the server listens on, or one that others can reach when that is every one", () => {
    expect(advertisedAddress("", "10.1.2.3", 80)).toBe("10.1.2.3:80");
    for (const host of ["0.0.0.0", "::", "[::]"]) {
      expect(advertisedAddress("", host, 80)).toMatch(/^\d+\.\d+\.\d+\.\d+:80$/);
      expect(advertisedAddress("", host, 80)).not.toContain("0.0.0.0");
    }
  });
});

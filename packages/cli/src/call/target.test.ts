import { ConfigError } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { plainTarget, resolveTarget } from "./target.js";

const services = ["shop.v1.Orders", "shop.v1.Billing", "old.Billing", "Pinger"];
const resolve = (text: string): unknown => resolveTarget(text, services, "the registry");

describe("what to call", () => {
  it("is plain when service and method are written in full", () => {
    expect(plainTarget("shop.v1.Orders/Get")).toEqual({ service: "shop.v1.Orders", method: "Get" });
    for (const text of ["Orders/Get", "shop.v1.Orders", "Orders"]) expect(plainTarget(text)).toBeUndefined();
  });

  it.each([
    ["shop.v1.Orders/Get", "shop.v1.Orders", "Get"],
    ["shop.v1.Orders.Get", "shop.v1.Orders", "Get"],
    ["Orders/get", "shop.v1.Orders", "get"],
    ["Orders.Get", "shop.v1.Orders", "Get"],
    ["v1.Orders/Get", "shop.v1.Orders", "Get"],
    ["shop.v1.Orders", "shop.v1.Orders", undefined],
    ["Orders", "shop.v1.Orders", undefined],
    ["Pinger/Ping", "Pinger", "Ping"],
  ])("is found among services: %s", (text, service, method) => {
    expect(resolve(text)).toEqual({ service, method });
  });

  it.each([
    ["Billing/Charge", 'service "Billing" is one of shop.v1.Billing, old.Billing; give the full name'],
    ["Ordres/Get", 'service "Ordres" is not known to the registry; did you mean shop.v1.Orders? it has '],
    ["rders/Get", 'service "rders" is not known to the registry; did you mean shop.v1.Orders? it has '],
    [
      "shop.v2.Orders/Get",
      'service "shop.v2.Orders" is not known to the registry; did you mean shop.v1.Orders?',
    ],
    ["", "names no method; write shop.v1.Orders/Get"],
    ["a/b/c", "names no method"],
    ["shop.v1.Orders/", "names no method"],
    ["\u001b[2J", "names no method"],
    [`${"a.".repeat(100_000)}!`, "names no method"],
  ])("is refused when it fits nothing: %j", (text, reason) => {
    expect(() => resolve(text)).toThrow(ConfigError);
    expect(() => resolve(text)).toThrow(reason);
  });

  it("is not found where there are no services", () => {
    expect(() => resolveTarget("Orders/Get", [], "the registry")).toThrow(
      'service "Orders" is not known: the registry has none',
    );
  });
});

import type { ListedInstance } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { resolveServices } from "./service-names.js";

const listed = [
  ["orders", "shop.v1.Orders"],
  ["orders", "shop.v1.Refunds"],
  ["billing", "shop.v1.Billing"],
  ["archive", "archive.v1.Orders2"],
  ["billing", "shop.v2.Billing"],
].map(([app, service]) => ({ instance: { app, service }, leaseLeftMs: 1 }) as ListedInstance);

describe("a service's name", () => {
  it("is its full name, its last part, or its app's", () => {
    expect(resolveServices("shop.v1.Orders", listed)).toEqual(["shop.v1.Orders"]);
    expect(resolveServices("Orders", listed)).toEqual(["shop.v1.Orders"]);
    expect(resolveServices("orders", listed)).toEqual(["shop.v1.Orders", "shop.v1.Refunds"]);
  });

  it("is refused with the choice when two services end so", () => {
    expect(() => resolveServices("Billing", listed)).toThrow(
      'service "Billing" is one of shop.v1.Billing, shop.v2.Billing; give the full name',
    );
  });

  it("is refused with what there is when nothing has it", () => {
    expect(() => resolveServices("rders", listed)).toThrow(
      /"rders" is not known; there are archive.v1.Orders2, .*, of apps archive, billing, orders$/,
    );
    expect(() => resolveServices("Orders", [])).toThrow("the registry has no instances");
  });
});

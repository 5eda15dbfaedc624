import { ConfigError } from "@rollcall/core";
import { expect, test } from "vitest";
import { parseStaticUrl, staticRegistry, type StaticTable } from "./static-registry.js";

test("has the instances of its table, with defaults", async () => {
  await using registry = staticRegistry({
    "shop.v1.Orders": ["10.0.0.2:80", { address: "10.0.0.1:80", version: "2", weight: 0, track: "canary" }],
  });
  await using feed = registry.open("shop.v1.Orders");
  expect(feed.current?.instances).toEqual([
    expect.objectContaining({ id: "10.0.0.1:80", version: "2", weight: 0, track: "canary", state: "up" }),
    expect.objectContaining({ id: "10.0.0.2:80", version: "", weight: 100, track: "stable" }),
  ]);
  expect(registry.description).toBe("static");
});

test.each<[StaticTable, RegExp]>([
  [{ "shop.v1.Orders": ["10.0.0.1"] }, /shop.v1.Orders at 10.0.0.1: address: is not host:port/],
  [{ "shop v1": ["10.0.0.1:1"] }, /service: is not a full proto name/],
  [{ "shop.v1.Orders": ["10.0.0.1:1", "10.0.0.1:1"] }, /offered twice/],
])("refuses %j", (table, reason) => {
  expect(() => staticRegistry(table)).toThrow(ConfigError);
  expect(() => staticRegistry(table)).toThrow(reason);
});

test("reads its URL form", () => {
  const url = "static://shop.v1.Orders=10.0.0.1:80,10.0.0.2:80; billing.v1.Billing = [::1]:90;";
  expect({ ...parseStaticUrl(url) }).toEqual({
    "shop.v1.Orders": ["10.0.0.1:80", "10.0.0.2:80"],
    "billing.v1.Billing": ["[::1]:90"],
  });
  expect({ ...parseStaticUrl("static://") }).toEqual({});
});

test.each(["static:shop=1", "static://shop.v1.Orders", "static://=10.0.0.1:80", "static://a.B=10.0.0.1:80,"])(
  "refuses the URL %s",
  (url) => {
    expect(() => parseStaticUrl(url)).toThrow(ConfigError);
  },
);

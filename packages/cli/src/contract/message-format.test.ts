import type { JsonValue } from "@bufbuild/protobuf";
import { ConfigError } from "@rollcall/core";
import { beforeAll, describe, expect, it } from "vitest";
import { fixtures } from "../generate/fixtures/scratch.js";
import type { ContractSource, MessageFormat } from "./contract-source.js";
import { protoSource } from "./proto-source.js";

let source: ContractSource;
beforeAll(async () => {
  source = await protoSource({ protos: [fixtures] });
});

async function format(service: string, method: string): Promise<MessageFormat> {
  return (await source.service(service)).method(method).request;
}

/** What is left of some JSON once it has been a message. */
async function through(service: string, method: string, json: JsonValue): Promise<JsonValue> {
  const { request, contract } = (await source.service(service)).method(method);
  const bytes = contract.request.encode(request.fromJson(json));
  return request.toJson(contract.request.decode(bytes));
}

describe("messages as JSON", () => {
  it.each<[JsonValue, JsonValue]>([
    [{ an_int64: "-9223372036854775808" }, { anInt64: "-9223372036854775808" }],
    [{ anInt64: 7 }, { anInt64: "7" }],
    [{ aBytes: "AP8=" }, { aBytes: "AP8=" }],
    [{ a_bytes: "_-8" }, { aBytes: "/+8=" }],
    [{ aKind: "KIND_B" }, { aKind: "KIND_B" }],
    [{ aKind: 2 }, { aKind: "KIND_B" }],
    [{ aKind: 99 }, { aKind: 99 }],
    [
      { aDouble: "NaN", aFloat: "-Infinity" },
      { aDouble: "NaN", aFloat: "-Infinity" },
    ],
    [{ aMessage: { aMessage: {} } }, { aMessage: { aMessage: {} } }],
    [{ aString: null, aBool: false }, {}],
  ])("take %j", async (json, left) => {
    expect(await through("types.Echo", "Scalars", json)).toEqual(left);
  });

  it.each<[JsonValue]>([
    [{ any: { "@type": "type.googleapis.com/shop.v1.GetOrder", id: "1" } }],
    [{ any: { "@type": "type.googleapis.com/google.protobuf.Timestamp", value: "2026-01-01T00:00:00Z" } }],
    [{ took: "1.500s", mask: "itemCount,note", text: "", json: { a: [1, null, { b: true }] }, empty: {} }],
  ])("write well-known types in their own forms: %j", async (json) => {
    expect(await through("shop.v1.Inventory", "Echo", json)).toEqual(json);
  });

  it("may be well-known types themselves", async () => {
    const { request, response } = (await source.service("shop.v1.Orders")).method("Put");
    expect(response.typeName).toBe("google.protobuf.Empty");
    expect(response.toJson(response.fromJson({}))).toEqual({});
    expect(
      request.fromJson({ bySku: { a: { sku: "a" } }, status_by_line: { "-1": "STATUS_OPEN" } }),
    ).toMatchObject({ statusByLine: { "-1": 1 } });
  });

  it("show what an Any holds of a type that is not known by its type", async () => {
    const { contract, request } = (await source.service("shop.v1.Inventory")).method("Echo");
    // any = 4 { type_url = 1 "x/other.Type", value = 2 ... }
    const any = Buffer.concat([
      Buffer.from([0x0a, 12]),
      Buffer.from("x/other.Type"),
      Buffer.from([0x12, 2, 0x08, 1]),
    ]);
    const bytes = Buffer.concat([Buffer.from([0x22, any.length]), any]);
    expect(request.toJson(contract.request.decode(bytes))).toEqual({ any: { "@type": "x/other.Type" } });
  });

  it("have fields with their defaults where that is asked for", async () => {
    const { toJson, fromJson } = await format("types.Echo", "Optionals");
    expect(toJson(fromJson({}))).toEqual({});
    expect(toJson(fromJson({}), { defaults: true })).toEqual({ other: "" });
  });

  it.each<[string, string, JsonValue, string]>([
    [
      "types.Echo",
      "Scalars",
      { aStrin: "" },
      "the JSON is no types.Scalars: aStrin is no field of types.Scalars; did you mean aString? it has aDouble, aFloat",
    ],
    [
      "shop.v1.Orders",
      "Put",
      { items: [{}, { sku: "", prize: 1 }] },
      "items[1].prize is no field of shop.v1.Order.Item; did you mean size? it has sku, count, size",
    ],
    [
      "shop.v1.Orders",
      "Put",
      { by_sku: { "a b": { x: 1 } } },
      'by_sku["a b"].x is no field of shop.v1.Order.Item; it has sku, count, size',
    ],
    ["shop.v1.Orders", "Get", { __proto__x: 1 }, "__proto__x is no field of shop.v1.GetOrder; it has id"],
    ["shop.v1.Orders", "Get", { "a b\n": 1 }, '["a b\\n"] is no field of shop.v1.GetOrder; it has id'],
    [
      "shop.v1.Inventory",
      "Echo",
      { any: { "@type": "a/shop.v1.GetOrder", idd: "1" } },
      "any.idd is no field of shop.v1.GetOrder; did you mean id?",
    ],
    ["shop.v1.Inventory", "Echo", { any: { "@type": "a/no.Such" } }, "a/no.Such is not in the type registry"],
    ["shop.v1.Inventory", "Echo", { took: "soon" }, "cannot decode"],
    ["types.Echo", "Scalars", { anInt32: 2 ** 31 }, "an_int32 from JSON"],
    ["types.Echo", "Scalars", { aKind: "KIND_Z" }, "KIND_Z"],
    ["types.Echo", "Scalars", { aBytes: "%" }, "a_bytes from JSON"],
    ["types.Echo", "Scalars", [], "the JSON is no types.Scalars"],
    ["types.Echo", "Scalars", null, "the JSON is no types.Scalars"],
    ["types.Echo", "Scalars", "text", "the JSON is no types.Scalars"],
    ["types.Echo", "Choice", { a: "1", b: "2" }, "left"],
  ])("refuse for %s/%s: %j", async (service, method, json, reason) => {
    const { fromJson } = await format(service, method);
    expect(() => fromJson(json)).toThrow(ConfigError);
    expect(() => fromJson(json)).toThrow(reason);
  });

  it("refuse what is nested too deep, with a word", async () => {
    const { fromJson } = await format("types.Echo", "Tree");
    let json: JsonValue = {};
    for (let n = 0; n < 100_000; n++) json = { next: json };
    expect(() => fromJson(json)).toThrow("the JSON is no types.Tree: it is nested too deep");
  });
});

import { describe, expect, it } from "vitest";
import type { ContractSource } from "../contract/contract-source.js";
import { protoSource } from "../contract/proto-source.js";
import { fixtures, scratch } from "../generate/fixtures/scratch.js";
import { protoText } from "./proto-text.js";
import { templateOf } from "./template.js";

const shapes = (): Promise<ContractSource> => protoSource({ protos: [fixtures] });

describe("a template of a request", () => {
  it.each([
    ["shop.v1.Orders", "Put"],
    ["shop.v1.Inventory", "Echo"],
    ["types.Echo", "Scalars"],
    ["types.Echo", "Lists"],
    ["types.Echo", "Maps"],
    ["types.Echo", "Choice"],
    ["types.Echo", "Tree"],
    ["types.legacy.People", "Echo"],
  ])("is a request: %s/%s", async (service, name) => {
    const { request } = (await (await shapes()).service(service)).method(name);
    const template = templateOf(request.descriptor);
    if (service === "shop.v1.Inventory") (template as { any: unknown }).any = {};
    expect(() => request.fromJson(template)).not.toThrow();
  });

  it("has every field, the first of each oneof, and a type inside of itself empty", async () => {
    const { request } = (await (await shapes()).service("shop.v1.Orders")).method("Put");
    expect(templateOf(request.descriptor)).toMatchObject({
      status: "STATUS_UNSPECIFIED",
      items: [{ sku: "", count: 0, size: "SIZE_UNSPECIFIED" }],
      total: { cents: "0", currency: "" },
      bySku: { "": { sku: "" } },
      statusByLine: { "0": "STATUS_UNSPECIFIED" },
      note: "",
    });
    const tree = (await (await shapes()).service("types.Echo")).method("Tree").request;
    expect(templateOf(tree.descriptor)).toEqual({ label: "", children: [{}], next: {} });
    const choice = (await (await shapes()).service("types.Echo")).method("Choice").request;
    expect(templateOf(choice.descriptor)).toEqual({ a: "", firstOne: "" });
  });

  it("ends for types of which each doubles what is before it", async () => {
    const messages = Array.from(
      { length: 60 },
      (_, n) => `message M${n} { M${n + 1} a = 1; M${n + 1} b = 2; }`,
    );
    await using protos = await scratch({
      "deep.proto": `syntax = "proto3"; message M60 {} service S { rpc Call(M0) returns (M0); } ${messages.join(" ")}`,
    });
    const { request } = (await (await protoSource({ protos: [protos.path] })).service("S")).method("Call");
    const text = JSON.stringify(templateOf(request.descriptor));
    expect(text.match(/"[ab]"/g)).toHaveLength(500);
  });
});

it("types are written as a proto declares them, with those they refer to", async () => {
  const source = await shapes();
  const { request } = (await source.service("shop.v1.Orders")).method("Chat");
  const texts = protoText([request.descriptor]);
  expect(texts[0]).toBe(`message shop.v1.OrderEvent {
  int64 revision = 1;
  oneof event {
    shop.v1.Order put = 2;
    string deleted = 3;
    shop.v1.Status moved = 4;
  }
}`);
  expect(texts.join("\n")).toContain("  map<int32, shop.v1.Status> status_by_line = 8;");
  expect(texts.join("\n")).toContain("  optional string note = 9;");
  expect(texts.join("\n")).toContain("  string legacy = 10 [deprecated = true];");
  expect(texts.join("\n")).toContain("enum shop.v1.Order.Item.Size {\n  SIZE_UNSPECIFIED = 0;");
  const { request: person } = (await source.service("types.legacy.People")).method("Echo");
  expect(protoText([person.descriptor])[0]).toContain("  required string name = 1;\n  int32 age = 2;");
});

import path from "node:path";
import { ConfigError } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { fixtures, scratch } from "../generate/fixtures/scratch.js";
import { generate } from "../generate/generate.js";
import { GenerateError } from "../generate/problem.js";
import { moduleSource } from "./module-source.js";
import { protoSource } from "./proto-source.js";

describe("contracts of protos", () => {
  it("are found below proto paths, with their imports", async () => {
    await using source = await protoSource({ protos: ["shop/v1/shop.proto"], protoPaths: [fixtures] });
    expect(await source.services()).toEqual(["shop.v1.Inventory", "shop.v1.Orders"]);
    expect(source.description).toBe("shop/v1/shop.proto");
  });

  it("fail as rollcall generate does", async () => {
    await using protos = await scratch({
      "a.proto": 'syntax = "proto3"; import "b.proto";',
      "b.proto": 'syntax = "proto3"; import "a.proto";',
    });
    await expect(protoSource({ protos: ["a.proto"], cwd: protos.path })).rejects.toThrow(GenerateError);
    await expect(protoSource({ protos: ["a.proto"], cwd: protos.path })).rejects.toThrow("import cycle");
    await expect(protoSource({ protos: ["none.proto"], cwd: protos.path })).rejects.toThrow(
      new ConfigError("no proto none.proto"),
    );
  });
});

describe("contracts of generated modules", () => {
  it("are all that the module exports", async () => {
    await using out = await scratch();
    await generate({ protos: [fixtures], out: out.path, importFrom: "@rollcall/core" });
    await using source = await moduleSource("shop/v1/shop.ts", out.path);
    expect(await source.services()).toEqual(["shop.v1.Inventory", "shop.v1.Orders"]);
    const { request } = (await source.service("shop.v1.Orders")).method("Put");
    // As the proto writes it, which the code generated from it has otherwise.
    expect(request.toJson(request.fromJson({ by_sku: {} }))).toEqual({});
  });

  it.each([
    ["missing.js", undefined, "there is no such file"],
    ["throws.js", "throw new Error('boom');", "cannot be loaded: boom; give the compiled .js"],
    ["empty.js", "export const file = {}; export default null;", "exports no contract"],
    [
      "odd.js",
      "export const Odd = { name: 'a.B', methods: {}, file: { name: 'a.proto', imports: [], json: 'no' } };",
      "a.proto has an embedded descriptor that is no JSON",
    ],
    [
      "cycle.js",
      "const file = { name: 'a.proto', imports: [], json: '{}' }; file.imports.push(file); export const A = { name: 'A', methods: {}, file };",
      "import cycle: a.proto -> a.proto",
    ],
  ])("fail with a reason: %s", async (name, text, reason) => {
    await using files = await scratch(
      text === undefined ? {} : { [name]: text, "package.json": '{"type":"module"}' },
    );
    const failing = moduleSource(path.join(files.path, name));
    await expect(failing).rejects.toThrow(ConfigError);
    await expect(failing).rejects.toThrow(reason);
  });
});

import { pathToFileURL } from "node:url";
import type { JsonValue } from "@bufbuild/protobuf";
import { ConfigError, type ServiceContract } from "@rollcall/core";
import { beforeAll, describe, expect, it } from "vitest";
import { fixtures, scratch } from "../generate/fixtures/scratch.js";
import { generate } from "../generate/generate.js";
import type { ContractSource } from "./contract-source.js";
import { protoSource } from "./proto-source.js";

let source: ContractSource;
beforeAll(async () => {
  source = await protoSource({ protos: [fixtures] });
});

describe("a service known by its descriptor", () => {
  it("has the contract that generated code has", async () => {
    await using out = await scratch();
    await generate({ protos: [fixtures], out: out.path, importFrom: "@rollcall/core" });
    const modules = ["shop/v1/shop.ts", "types/clashes.ts", "types/scalars.ts", "types/legacy.ts"];
    for (const module of modules) {
      const loaded = (await import(pathToFileURL(`${out.path}/${module}`).href)) as Record<string, unknown>;
      const contracts = Object.values(loaded).filter(
        (each): each is ServiceContract<any> =>
          typeof each === "object" && each !== null && "methods" in each,
      );
      expect(contracts).not.toEqual([]);
      for (const generated of contracts) {
        const { contract } = await source.service(generated.name);
        const shape = (each: ServiceContract<any>): unknown =>
          Object.entries(each.methods).map(([key, { path, kind, idempotent }]) => ({
            key,
            path,
            kind,
            idempotent,
          }));
        expect(shape(contract)).toEqual(shape(generated));
      }
    }
  });

  it.each<[string, JsonValue]>([
    [
      "Lists",
      {
        packed: [1, -1],
        unpacked: [3],
        longs: ["5"],
        blobs: ["AA=="],
        kinds: ["KIND_A", 7],
        messages: [{ aBool: true }],
      },
    ],
    [
      "Maps",
      {
        strings: { a: "b" },
        longs: { "-3": "9" },
        trees: { "1": { label: "x", children: [{}] } },
        bools: { "0": false },
      },
    ],
    ["Optionals", { text: "", number: "0", kind: "KIND_UNSPECIFIED", blob: "", tree: {}, other: "x" }],
    ["Choice", { b: "0", again: { e: "KIND_NEGATIVE" } }],
    ["Wide", { a3: 1, b7: -1 }],
  ])("has a codec that writes the bytes of generated code's: %s", async (method, json) => {
    await using out = await scratch();
    await generate({ protos: [fixtures], out: out.path, importFrom: "@rollcall/core" });
    const { Echo } = (await import(pathToFileURL(`${out.path}/types/scalars.ts`).href)) as {
      Echo: ServiceContract<any>;
    };
    const { key, contract, request } = (await source.service("types.Echo")).method(method);
    const generated = Echo.methods[key]!.request;
    const bytes = contract.request.encode(request.fromJson(json));
    const again = generated.encode(generated.decode(bytes));
    expect(request.toJson(contract.request.decode(again))).toEqual(json);
  });

  it("finds methods by the proto's name and the contract's", async () => {
    const names = await source.service("types.clashes.Names");
    expect(names.method("Get").key).toBe("get$");
    expect(names.method("get").key).toBe("get");
    expect(names.method("class").name).toBe("Class");
    expect(names.method("toString$").name).toBe("ToString");
  });

  it("says what there is when it does not know a name", async () => {
    await expect(source.service("shop.v1.Order")).rejects.toThrow(ConfigError);
    await expect(source.service("shop.v1.Ordres")).rejects.toThrow(
      'has no service "shop.v1.Ordres"; did you mean shop.v1.Orders?',
    );
    await expect(source.service("x")).rejects.toThrow(
      'has no service "x"; it has Pinger, shop.v1.Inventory, shop.v1.Orders, types.Echo',
    );
    const orders = await source.service("shop.v1.Orders");
    expect(() => orders.method("Remove")).toThrow(
      'shop.v1.Orders has no method "Remove"; it has Get, Put, Watch',
    );
    expect(() => orders.method("Wacth")).toThrow("did you mean Watch?");
  });

  it("is for callers: nothing can be served of it", async () => {
    const { contract } = await source.service("shop.v1.Orders");
    expect(contract.file.name).toBe("shop/v1/shop.proto");
    expect(() => contract.file.service("shop.v1.Orders")).toThrow("generate code from it");
  });
});

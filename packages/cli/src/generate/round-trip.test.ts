import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Codec, MethodContract, ServiceContract } from "@rollcall/core";
import { fixtures, scratch } from "./fixtures/scratch.js";
import { generate } from "./generate.js";

type Contract = ServiceContract<Record<string, unknown>>;
let out: Awaited<ReturnType<typeof scratch>>;
let echo: Contract;
let shop: { Orders: Contract; Inventory: Contract };

async function load<T>(module: string): Promise<T> {
  return (await import(pathToFileURL(path.join(out.path, module)).href)) as T;
}

beforeAll(async () => {
  out = await scratch();
  await generate({ protos: [fixtures], out: out.path, importFrom: "@rollcall/core" });
  echo = (await load<{ Echo: Contract }>("types/scalars.ts")).Echo;
  shop = await load("shop/v1/shop.ts");
});
afterAll(() => out[Symbol.asyncDispose]());

function method(contract: Contract, key: string): MethodContract {
  const found = new Map(Object.entries<MethodContract>(contract.methods)).get(key);
  if (!found) throw new Error(`no method ${key}`);
  return found;
}
function sent(codec: Codec, message: object): object {
  return codec.decode(codec.encode(message));
}
function roundTrip(key: string, message: object): object {
  return sent(method(echo, key).request, message);
}

describe("received messages", () => {
  it("have every scalar, as its proto default when unset", () => {
    expect(roundTrip("scalars", {})).toEqual({
      aDouble: 0,
      aFloat: 0,
      anInt32: 0,
      anInt64: "0",
      aUint32: 0,
      aUint64: "0",
      aSint32: 0,
      aSint64: "0",
      aFixed32: 0,
      aFixed64: "0",
      aSfixed32: 0,
      aSfixed64: "0",
      aBool: false,
      aString: "",
      aBytes: Buffer.alloc(0),
      aKind: "KIND_UNSPECIFIED",
      aMessage: null,
    });
  });

  it("give back the extremes of every scalar", () => {
    const message = {
      aDouble: -1.5e300,
      aFloat: 0.5,
      anInt32: -2147483648,
      anInt64: "-9223372036854775808",
      aUint32: 4294967295,
      aUint64: "18446744073709551615",
      aSint32: -2147483648,
      aSint64: "-9223372036854775808",
      aFixed32: 4294967295,
      aFixed64: "18446744073709551615",
      aSfixed32: -2147483648,
      aSfixed64: "-9223372036854775808",
      aBool: true,
      aString: "þ€😀",
      aBytes: Buffer.from([0, 255]),
      aKind: "KIND_A",
    };
    expect(roundTrip("scalars", message)).toEqual({ ...message, aMessage: null });
    expect(roundTrip("scalars", { aDouble: Infinity, aFloat: NaN })).toMatchObject({
      aDouble: Infinity,
      aFloat: NaN,
    });
  });

  it("have int64 as strings, sent as string, number or bigint", () => {
    for (const value of ["-5", -5, -5n]) {
      expect(roundTrip("scalars", { anInt64: value })).toMatchObject({ anInt64: "-5" });
    }
    expect(roundTrip("scalars", { aUint64: 2n ** 64n - 1n })).toMatchObject({
      aUint64: "18446744073709551615",
    });
  });

  it("have bytes as Buffer, sent as any Uint8Array", () => {
    const received = roundTrip("scalars", { aBytes: new Uint8Array([1, 2]) }) as { aBytes: unknown };
    expect(Buffer.isBuffer(received.aBytes)).toBe(true);
    expect(received.aBytes).toEqual(Buffer.from([1, 2]));
  });

  it("have an unknown enum value as its number", () => {
    expect(roundTrip("scalars", { aKind: 99 })).toMatchObject({ aKind: 99 });
    expect(roundTrip("scalars", { aKind: "KIND_NEGATIVE" })).toMatchObject({ aKind: "KIND_NEGATIVE" });
  });

  it("always have lists and maps", () => {
    expect(roundTrip("lists", {})).toEqual({
      packed: [],
      unpacked: [],
      longs: [],
      blobs: [],
      kinds: [],
      messages: [],
    });
    expect(roundTrip("maps", {})).toEqual({
      strings: {},
      longs: {},
      blobs: {},
      kinds: {},
      trees: {},
      bools: {},
    });
  });

  it("give back lists and maps of every kind of value", () => {
    const lists = {
      packed: [1, 2],
      unpacked: [3, 4],
      longs: ["1", "-1"],
      blobs: [Buffer.from("a")],
      kinds: ["KIND_A", "KIND_UNSPECIFIED"],
    };
    expect(roundTrip("lists", lists)).toEqual({ ...lists, messages: [] });
    const maps = {
      strings: { a: "b", "": "", constructor: "x" },
      longs: { "-7": "9223372036854775807" },
      blobs: { 4294967295: Buffer.from("b") },
      kinds: { "-3": "KIND_A" },
      trees: { 5: { label: "t", children: [{ label: "u", children: [], next: null }], next: null } },
      bools: { "-2147483648": true, 0: false },
    };
    expect(roundTrip("maps", maps)).toEqual(maps);
  });

  it("leave out an optional field that is unset, and keep one that is set to its default", () => {
    expect(roundTrip("optionals", {})).toEqual({ renamedInJson: "" });
    const set = {
      text: "",
      number: "0",
      kind: "KIND_UNSPECIFIED",
      blob: Buffer.alloc(0),
      renamedInJson: "r",
    };
    expect(roundTrip("optionals", set)).toMatchObject(set);
    expect(roundTrip("optionals", set)).not.toHaveProperty("tree");
  });

  it("name the member of a oneof that is set and leave out the others", () => {
    expect(roundTrip("choice", {})).toEqual({});
    expect(roundTrip("choice", { b: "0" })).toEqual({ left: "b", b: "0" });
    expect(roundTrip("choice", { left: "e", e: "KIND_A", firstOne: "" })).toEqual({
      left: "e",
      e: "KIND_A",
      rightSide: "firstOne",
      firstOne: "",
    });
    expect(roundTrip("choice", { again: { d: Buffer.from("x") } })).toEqual({
      rightSide: "again",
      again: { left: "d", d: Buffer.from("x") },
    });
  });

  it("nest as deep as they were sent", () => {
    const leaf = { label: "leaf", children: [], next: null };
    const tree = { label: "root", children: [leaf, { ...leaf, next: leaf }], next: leaf };
    expect(roundTrip("tree", tree)).toEqual(tree);
  });
});

describe("the embedded definitions", () => {
  it("keep packed and unpacked lists apart on the wire", () => {
    const bytes = method(echo, "lists").request.encode({ packed: [1, 2], unpacked: [1, 2] });
    expect(bytes.toString("hex")).toBe("0a02010210011002");
  });

  it("keep what a proto2 file says: required, defaults, unpacked lists, the first value of an enum", async () => {
    const { People } = await load<{ People: Contract }>("types/legacy.ts");
    const { request } = method(People, "echo");
    expect(sent(request, { name: "a", scores: [1, 2], packedScores: [1, 2] })).toEqual({
      name: "a",
      age: 18,
      level: "HIGH",
      scores: [1, 2],
      packedScores: [1, 2],
      parent: null,
    });
    expect(request.encode({ name: "a", scores: [1], packedScores: [1] }).toString("hex")).toBe(
      "0a016120012a0101",
    );
    expect(() => request.decode(Buffer.alloc(0))).toThrow(/missing required 'name'/);
  });

  it("load the types of imported files, also those that only a public import makes visible", () => {
    const message = {
      id: "1",
      status: "STATUS_PAID",
      items: [{ sku: "s", count: 1, size: "SIZE_XL" }],
      total: { cents: "5", currency: "ISK" },
      other: { note: "n", text: { x: "a message named toString" } },
      country: "COUNTRY_IS",
      bySku: { s: { sku: "s", count: 2, size: "SIZE_UNSPECIFIED" } },
      statusByLine: { 1: "STATUS_OPEN" },
      note: "",
      legacy: "",
    };
    expect(sent(method(shop.Orders, "get").response, message)).toMatchObject(message);
  });

  it("load the well-known types", () => {
    const message = {
      empty: {},
      text: { value: "" },
      json: {
        fields: {
          list: { kind: "listValue", listValue: { values: [{ kind: "boolValue", boolValue: false }] } },
        },
      },
      any: { typeUrl: "type.googleapis.com/x", value: Buffer.from("v") },
      took: { seconds: "-1", nanos: -5 },
      mask: { paths: ["a.b"] },
    };
    const { request } = method(shop.Inventory, "echo");
    expect(sent(request, message)).toMatchObject(message);
    expect(sent(request, {})).toEqual({
      empty: null,
      text: null,
      json: null,
      any: null,
      took: null,
      mask: null,
    });
  });

  it("keep the idempotency level for the loader", () => {
    const { Get, Put, Watch } = shop.Orders.file.service("shop.v1.Orders");
    expect(Get?.options?.idempotency_level).toBe("NO_SIDE_EFFECTS");
    expect(Put?.options?.idempotency_level).toBe("IDEMPOTENT");
    expect(Watch?.options?.idempotency_level).toBe("IDEMPOTENCY_UNKNOWN");
  });

  it("do not take what every object inherits for a value", async () => {
    const { Names } = await load<{ Names: Contract }>("types/clashes.ts");
    const { request } = method(Names, "toString$");
    expect(request.encode({})).toHaveLength(0);
    expect(sent(request, { toString$: "s", a: "x" })).toEqual({
      constructor$: "",
      toString$: "s",
      hasOwnProperty$: "",
      valueOf$: "a",
      a: "x",
    });
  });

  it("mean the type that the proto means, not one of the same name further inside", async () => {
    const { Names } = await load<{ Names: Contract }>("types/clashes.ts");
    const message = { deep: { label: "outside" } };
    expect(sent(method(Names, "shadow").request, message)).toEqual(message);
  });

  it("serve every method of every fixture, in a file without a package too", async () => {
    const { Pinger } = await load<{ Pinger: Contract }>("no_package.ts");
    expect(method(Pinger, "ping").path).toBe("/Pinger/Ping");
    const { Names } = await load<{ Names: Contract }>("types/clashes.ts");
    for (const contract of [Pinger, Names, shop.Orders, shop.Inventory, echo]) {
      for (const key of Object.keys(contract.methods)) {
        expect(() => method(contract, key).request.encode({})).not.toThrow();
        expect(() => method(contract, key).response.decode(Buffer.alloc(0))).not.toThrow();
      }
    }
  });
});

describe("method contracts", () => {
  it("say the path, the kind and whether a call may be repeated", () => {
    const { get, put, watch, import: load, chat } = shop.Orders.methods;
    expect(get).toMatchObject({ path: "/shop.v1.Orders/Get", kind: "unary", idempotent: true });
    expect(put).toMatchObject({ kind: "unary", idempotent: true });
    expect(watch).toMatchObject({ kind: "server_streaming", idempotent: false });
    expect(load).toMatchObject({
      path: "/shop.v1.Orders/Import",
      kind: "client_streaming",
      idempotent: false,
    });
    expect(chat).toMatchObject({ kind: "bidi_streaming", idempotent: false });
  });

  it("lower only the first letter of a method, and escape what would break a client or a class", () => {
    expect(Object.keys(shop.Orders.methods)).toEqual([
      "get",
      "put",
      "watch",
      "import",
      "chat",
      "getURLInfo",
      "then$",
      "constructor$",
    ]);
  });
});

import protobuf from "protobufjs";
import { describe, expect, it, vi } from "vitest";
import { bothCodecs } from "./fixtures/general-path.js";
import { enums, scalars, type FieldJson } from "./fixtures/schema.js";
import { messageCode } from "./message-code.js";
import { messageCodec } from "./message-codec.js";
import { isSpecialisable } from "./specialisable.js";
import { WireWriter } from "./wire-writer.js";

function rootOf(nested: Record<string, unknown>): protobuf.Root {
  return protobuf.Root.fromJSON({ nested } as protobuf.INamespace).resolveAll() as protobuf.Root;
}

function message(fields: Record<string, FieldJson>, more: object = {}): object {
  return { fields, ...more };
}

const given: Record<string, unknown> = {
  double: -0.5, float: 0.25, int32: -1, uint32: 4_294_967_295, sint32: -2, fixed32: 3, sfixed32: -4, int64: "-5",
  uint64: 2n ** 64n - 1n, sint64: -6, fixed64: "7", sfixed64: -8n, bool: true, string: "ä", bytes: Buffer.from([1, 2]),
}; // prettier-ignore

/** A field of each type, alone, as a list and as a map, and a message in itself. */
function everything(): { nested: Record<string, unknown>; sent: Record<string, unknown> } {
  const fields: Record<string, FieldJson> = {};
  const sent: Record<string, unknown> = {};
  let id = 1;
  for (const type of [...scalars, "Mood"]) {
    const value = given[type] ?? "BAD";
    fields[`${type}One`] = { type, id: id++ };
    fields[`${type}All`] = { type, id: id++, rule: "repeated" };
    fields[`${type}Map`] = { type, id: id++, keyType: "string" };
    Object.assign(sent, {
      [`${type}One`]: value,
      [`${type}All`]: [value, value],
      [`${type}Map`]: { k: value },
    });
  }
  fields["self"] = { type: "All", id: id++ };
  return { nested: { ...enums, All: message(fields) }, sent: { ...sent, self: { ...sent } } };
}

describe("a type's own code", () => {
  const { nested, sent } = everything();
  const type = rootOf(nested).lookupType("All");
  const { general } = bothCodecs({ json: { nested } }, ["All"])!.get("All")!;

  it("writes all that types allow, without the general path", () => {
    const writer = new WireWriter();
    messageCode(type).write(sent, writer, 0);
    expect(writer.finish()).toEqual(general.encode(sent));
  });

  it("reads all that it wrote, without the general path", () => {
    const bytes = general.encode(sent);
    const read = messageCode(type).read(protobuf.Reader.create(bytes), bytes.length, 0);
    expect(read).toEqual(general.decode(bytes));
    expect(read).toMatchObject({
      uint64One: "18446744073709551615",
      MoodOne: "BAD",
      self: { int64All: ["-5", "-5"] },
    });
  });
});

describe("the codec", () => {
  it("gives a map the keys that objects inherit, and changes no prototype", () => {
    const codec = messageCodec(
      rootOf({ M: message({ map: { type: "string", id: 1, keyType: "string" } }) }).lookupType("M"),
    );
    const map = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as object;
    const { map: read } = codec.decode(codec.encode({ map })) as { map: object };
    expect(Object.entries(read)).toEqual(Object.entries(map));
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  it.each(["x-y", '"];globalThis.hacked=1;["', "`${1}`", "toString"])(
    "leaves a field %j to protobufjs",
    (name) => {
      const type = rootOf({ M: message({ [name]: { type: "string", id: 1 } }) }).lookupType("M");
      expect(isSpecialisable(type)).toBe(false);
      expect(messageCodec(type).encode({ [name]: "a" })).toEqual(Buffer.from([10, 1, 97]));
      expect("hacked" in globalThis).toBe(false);
    },
  );

  it.each([
    ["a required field", message({ a: { type: "string", id: 1, rule: "required" } }, { edition: "proto2" })],
    ["map keys of 64 bits", message({ a: { type: "string", id: 1, keyType: "int64" } })],
    ["a message with such", message({ a: { type: "Sub", id: 1 } })],
  ])("leaves %s to protobufjs", (_, M) => {
    const Sub = message({ a: { type: "string", id: 1, keyType: "bool" } });
    expect(isSpecialisable(rootOf({ M, Sub }).lookupType("M"))).toBe(false);
  });

  it("nests as deep as protobufjs does, and no deeper", () => {
    const json = { nested: { M: message({ sub: { type: "M", id: 1 } }) } };
    const { general, ours } = bothCodecs({ json }, ["M"])!.get("M")!;
    const nestedIn = (depth: number): object => (depth === 0 ? {} : { sub: nestedIn(depth - 1) });
    expect(ours.encode(nestedIn(100))).toEqual(general.encode(nestedIn(100)));
    expect(ours.decode(general.encode(nestedIn(100)))).toEqual(general.decode(general.encode(nestedIn(100))));
    expect(() => general.encode(nestedIn(101))).toThrow("depth exceeded");
    expect(() => ours.encode(nestedIn(101))).toThrow("depth exceeded");
    const deep = protobuf.Writer.create();
    for (let n = 0; n < 101; n++) deep.uint32(10).fork();
    for (let n = 0; n < 101; n++) deep.ldelim();
    expect(() => ours.decode(deep.finish())).toThrow("maximum nesting depth exceeded");
    const cyclic: { sub?: object } = {};
    cyclic.sub = cyclic;
    expect(() => ours.encode(cyclic)).toThrow("depth exceeded");
  });

  it("encodes a message while it encodes another", () => {
    const codec = messageCodec(
      rootOf({ M: message({ a: { type: "string", id: 1 }, b: { type: "bytes", id: 2 } }) }).lookupType("M"),
    );
    const outer = {
      a: "outer",
      get b() {
        return codec.encode({ a: "inner" });
      },
    };
    expect(codec.decode(codec.encode(outer))).toEqual({ a: "outer", b: codec.encode({ a: "inner" }) });
  });

  it("is protobufjs' where code may not be made at run time", () => {
    const type = rootOf({ M: message({ a: { type: "string", id: 1 } }) }).lookupType("M");
    // What protobufjs itself makes it has by then.
    type.setup();
    vi.stubGlobal("Function", function refuse() {
      throw new EvalError("Code generation from strings disallowed for this context");
    });
    try {
      const codec = messageCodec(type);
      expect(codec.decode(codec.encode({ a: "x" }))).toEqual({ a: "x" });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

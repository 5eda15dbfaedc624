import protobuf from "protobufjs";
import { expect, it } from "vitest";
import { WireWriter } from "./wire-writer.js";

it.each([0, 1, 127, 128, 16_383, 16_384, 70_000, 2_097_152])(
  "puts the length before %i bytes, whatever the length's own size",
  (size) => {
    const writer = new WireWriter();
    writer.uint32(1);
    const outer = writer.fork();
    const inner = writer.fork();
    for (let n = 0; n < size; n++) writer.bool(n % 2);
    writer.join(inner);
    writer.join(outer);
    writer.uint32(2);
    const expected = protobuf.Writer.create().uint32(1).fork().fork();
    for (let n = 0; n < size; n++) expected.bool(n % 2 === 1);
    expect(writer.finish().equals(expected.ldelim().ldelim().uint32(2).finish())).toBe(true);
  },
);

it.each([
  ["x".repeat(39)],
  ["x".repeat(40)],
  ["x".repeat(127)],
  ["é".repeat(100)],
  ["é".repeat(8_200)],
  ["\u{1f600}".repeat(3_000)],
  [`${"x".repeat(50)}\ud800`],
  ["\udc00"],
])("writes a string as protobufjs does: %#", (text) => {
  const writer = new WireWriter();
  writer.string(text);
  expect(writer.finish()).toEqual(protobuf.Writer.create().string(text).finish());
});

it("gives messages that later ones do not change", () => {
  const writer = new WireWriter();
  writer.string("first");
  const first = writer.finish();
  writer.reset();
  writer.string("other");
  expect(first.toString("latin1", 1)).toBe("first");
  expect(writer.finish().toString("latin1", 1)).toBe("other");
});

it("forgets what it wrote before it was reset", () => {
  const writer = new WireWriter();
  writer.bytes(new Uint8Array(1_000_000));
  writer.reset();
  writer.bool(true);
  expect(writer.finish()).toEqual(Buffer.from([1]));
});

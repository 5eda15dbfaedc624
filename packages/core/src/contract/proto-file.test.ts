import { expect, it } from "vitest";
import { defineFile } from "./proto-file.js";

const imported = defineFile(
  "b.proto",
  '{"nested":{"b":{"nested":{"toString":{"fields":{"id":{"type":"string","id":1}}}}}}}',
);
const file = defineFile(
  "a.proto",
  JSON.stringify({
    nested: {
      a: {
        nested: {
          Outer: { fields: { inner: { type: ".a.Outer.Inner", id: 1 } }, nested: { Inner: { fields: {} } } },
          Names: { methods: { Get: { requestType: ".b.toString", responseType: ".a.Outer" } } },
        },
      },
    },
  }),
  [imported],
);

it("has the codecs of a service's methods, with messages of imports among them", () => {
  const { request, response } = file.codecs("a.Names").get("Get")!;
  expect(request.decode(request.encode({ id: "1" }))).toEqual({ id: "1" });
  expect(response.decode(response.encode({ inner: {} }))).toEqual({ inner: {} });
});

it("has one codec of a message", () => {
  expect(file.message("a.Outer")).toBe(file.codecs("a.Names").get("Get")!.response);
  expect(file.message("b.toString").encode({ id: "1" })).toHaveLength(3);
  expect(file.message("a.Outer.Inner").decode(Buffer.alloc(0))).toEqual({});
});

it.each(["a", "a.Names", "Outer", "a.Missing", "toString", "__proto__", "", ".a.Outer"])(
  "has no message %j",
  (name) => {
    expect(() => file.message(name)).toThrow(`a.proto has no message ${name}`);
  },
);

it.each(["a.Outer", "Names", "constructor"])("has no service %j", (name) => {
  expect(() => file.codecs(name)).toThrow(`a.proto has no service ${name}`);
  expect(() => file.service(name)).toThrow(`a.proto has no service ${name}`);
});

import { readdir } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { scratch } from "./fixtures/scratch.js";
import { generate } from "./generate.js";
import { GenerateError } from "./problem.js";

const head = 'syntax = "proto3";\npackage a;\n';

/** Generates from `a.proto` and returns the error's message; nothing may have been written. */
async function refusal(files: Readonly<Record<string, string>>): Promise<string> {
  await using input = await scratch(files);
  const out = path.join(input.path, "deep", "out");
  const error: unknown = await generate({
    protos: ["a.proto"],
    protoPaths: ["."],
    cwd: input.path,
    out,
  }).catch((reason: unknown) => reason);
  expect(await readdir(path.join(input.path, "deep")).catch(() => [])).toEqual([]);
  expect(error).toBeInstanceOf(GenerateError);
  return (error as GenerateError).message;
}

const cases: readonly { what: string; proto: string; message: string }[] = [
  {
    what: "a syntax error",
    proto: `${head}message M {\n  string id 1;\n}\n`,
    message: 'a.proto:4:13: unexpected "1", expected "="',
  },
  {
    what: "a missing semicolon",
    proto: `${head}message M {\n  string a = 1\n}\n`,
    message: 'a.proto:5:1: unexpected "}", expected ";"',
  },
  {
    what: "an unclosed message",
    proto: `${head}message M {\n  string a = 1;`,
    message: "a.proto:4:16: unexpected end of file",
  },
  {
    what: "an unterminated string",
    proto: `${head}import "x.proto;\n`,
    message: "a.proto:3:1: unterminated string",
  },
  { what: "an unterminated comment", proto: `${head}/* open`, message: "a.proto:3:1: unterminated comment" },
  {
    what: "a missing import",
    proto: `${head}import "b.proto";\n`,
    message: 'a.proto:3:8: no file "b.proto" in .: is a --proto-path missing?',
  },
  {
    what: "an unknown type",
    proto: `${head}message M {\n  string a = 1;\n  Itme item = 2;\n}\n`,
    message: 'a.proto:5:3: unknown type "Itme"',
  },
  {
    what: "an unknown map value",
    proto: `${head}message M { map<string, X> x = 1; }`,
    message: 'a.proto:3:25: unknown type "X"',
  },
  {
    what: "an unknown request",
    proto: `${head}service S {\n  rpc Get(In) returns (M);\n}\nmessage M {}`,
    message: 'a.proto:4:11: unknown type "In"',
  },
  {
    what: "an unknown response",
    proto: `${head}service S {\n  rpc Get(M) returns (stream Out);\n}\nmessage M {}`,
    message: 'a.proto:4:30: unknown type "Out"',
  },
  {
    what: "an enum as a request",
    proto: `${head}service S { rpc Get(E) returns (E); }\nenum E { A = 0; }`,
    message: 'a.proto:3:21: "a.E" is an enum, not a message',
  },
  {
    what: "a service as a field",
    proto: `${head}service S {}\nmessage M { S s = 1; }`,
    message: 'a.proto:4:13: "a.S" is a service, not a message',
  },
  {
    what: "a field name used twice",
    proto: `${head}message M {\n  string a = 1;\n  int32 a = 2;\n}`,
    message: 'a.proto:5:9: name "a" is used twice in message M',
  },
  {
    what: "field names that are one in camelCase",
    proto: `${head}message M {\n  string a_b = 1;\n  int32 aB = 2;\n}`,
    message: 'a.proto:5:9: name "aB" is used twice in message M',
  },
  {
    what: "a field number used twice",
    proto: `${head}message M {\n  string a = 1;\n  oneof x { int32 b = 1; }\n}`,
    message: "a.proto:5:19: number 1 is used twice in message M",
  },
  {
    what: "a message defined twice",
    proto: `${head}message M {}\nmessage M {}`,
    message: 'a.proto:4:9: name "M" is used twice in package a',
  },
  {
    what: "a service and a message of one name",
    proto: `${head}message M {}\nservice M {}`,
    message: 'a.proto:4:9: name "M" is used twice in package a',
  },
  {
    what: "a method defined twice",
    proto: `${head}message M {}\nservice S {\n  rpc A(M) returns (M);\n  rpc A(M) returns (M);\n}`,
    message: 'a.proto:6:7: name "A" is used twice in service S',
  },
  {
    what: "an enum number used twice",
    proto: `${head}enum E {\n  A = 0;\n  B = 0;\n}`,
    message: "a.proto:5:3: number 0 is used twice in enum E",
  },
  {
    what: "a reserved number",
    proto: `${head}message M {\n  reserved 2, 5 to 7;\n  string a = 6;\n}`,
    message: "a.proto:5:10: number 6 is reserved in message M",
  },
  {
    what: "a reserved name",
    proto: `${head}message M {\n  reserved "a";\n  string a = 6;\n}`,
    message: 'a.proto:5:10: name "a" is reserved in message M',
  },
  {
    what: "a field number of 0",
    proto: `${head}message M { string a = 0; }`,
    message: "a.proto:3:20: field number 0 is not between 1 and 536870911",
  },
  { what: "an enum without values", proto: `${head}enum E {}`, message: "a.proto:3:6: enum E has no values" },
  {
    what: "a proto3 enum that does not start at 0",
    proto: `${head}enum E { A = 1; }`,
    message: "a.proto:3:6: the first value of enum E must be 0",
  },
  {
    what: "an unknown idempotency level",
    proto: `${head}message M {}\nservice S {\n  rpc A(M) returns (M) { option idempotency_level = SAFE; }\n}`,
    message:
      "a.proto:5:7: idempotency_level is SAFE, allowed are IDEMPOTENCY_UNKNOWN, IDEMPOTENT, NO_SIDE_EFFECTS",
  },
  {
    what: "map keys of 64 bits",
    proto: `${head}message M {\n  map<int64, string> m = 1;\n}`,
    message: "a.proto:4:22: map keys of type int64 are not supported (the codec decodes them wrongly)",
  },
  {
    what: "map keys of type bool",
    proto: `${head}message M {\n  map<bool, string> m = 1;\n}`,
    message: "a.proto:4:21: map keys of type bool are not supported (the codec encodes false as true)",
  },
  {
    what: "a map key that protobuf has not",
    proto: `${head}message M {\n  map<float, string> m = 1;\n}`,
    message: 'a.proto:4:7: "float" is not a valid type',
  },
  {
    what: "a group",
    proto: "message M {\n  optional group G = 1 { optional int32 a = 1; }\n}",
    message: "a.proto:2:18: groups are not supported: use a nested message",
  },
  {
    what: "an extension that is no custom option",
    proto: "message M { extensions 100 to 200; }\nextend M { optional int32 x = 100; }",
    message: 'a.proto:2:8: extensions of "M" are not supported, only custom options are',
  },
  {
    what: "a default beyond 2^53",
    proto: "message M { optional int64 a = 1 [default = 9007199254740993]; }",
    message: 'a.proto:1:28: the default of "a" is beyond 2^53, where the codec rounds it',
  },
  {
    what: "an edition",
    proto: 'edition = "2023";\nmessage M {}',
    message: "a.proto:1:11: editions are not supported: use proto3",
  },
  {
    what: "an unknown syntax",
    proto: 'syntax = "proto4";',
    message: 'a.proto:1:10: unknown syntax "proto4": use "proto3"',
  },
  {
    what: "the name __proto__",
    proto: `${head}message M { string __proto__ = 1; }`,
    message: 'a.proto:3:20: nothing can be named "__proto__"',
  },
  {
    what: "a package named __proto__",
    proto: "package a.__proto__;",
    message: 'a.proto:1:9: nothing can be named "__proto__"',
  },
  {
    what: "an import out of the proto path",
    proto: `${head}import "../../x.proto";`,
    message: 'a.proto:3:8: "../../x.proto" is not a path below a proto path',
  },
  {
    what: "an import that passes through a parent",
    proto: `${head}import "b/../../../x.proto";`,
    message: 'a.proto:3:8: "b/../../../x.proto" is not a path below a proto path',
  },
  {
    what: "an absolute import",
    proto: `${head}import "/etc/x.proto";`,
    message: 'a.proto:3:8: "/etc/x.proto" is not a path below a proto path',
  },
  {
    what: "an import with backslashes",
    proto: `${head}import "..\\\\x.proto";`,
    message: 'a.proto:3:8: "..\\\\\\\\x.proto" is not a path below a proto path',
  },
  {
    what: "an import of another kind of file",
    proto: `${head}import "package.json";`,
    message: 'a.proto:3:8: "package.json" does not end in .proto',
  },
  {
    what: "an import of itself",
    proto: `${head}import "a.proto";`,
    message: "a.proto:3:8: import cycle: a.proto -> a.proto",
  },
];

describe("an invalid proto gives file, line, column and reason, and writes nothing", () => {
  it.each(cases)("$what", async ({ proto, message }) => {
    const refused = await refusal({ "a.proto": proto });
    expect(refused.split("\n")).toHaveLength(1);
    expect(refused.slice(0, message.length)).toBe(message);
  });

  it("an import cycle, where it closes", async () => {
    const message = await refusal({
      "a.proto": `${head}import "b.proto";`,
      "b.proto": `${head}import "c.proto";`,
      "c.proto": `${head}\n\nimport "a.proto";`,
    });
    expect(message).toBe("c.proto:5:8: import cycle: a.proto -> b.proto -> c.proto -> a.proto");
  });

  it("a syntax error in an imported file, at its own place", async () => {
    const message = await refusal({ "a.proto": `${head}import "dir/b.proto";`, "dir/b.proto": "message {" });
    expect(message).toBe('dir/b.proto:1:9: "{" is not a valid type name');
  });

  it("a type that only an import of an import defines", async () => {
    const message = await refusal({
      "a.proto": `${head}import "b.proto";\nmessage M { b.C c = 1; }`,
      "b.proto": 'syntax = "proto3"; import "c.proto";',
      "c.proto": 'syntax = "proto3"; package b; message C {}',
    });
    expect(message).toBe('a.proto:4:13: "b.C" is defined in "c.proto", which is not imported here');
  });

  it("a type of the same name elsewhere is not taken for one that is missing", async () => {
    const message = await refusal({
      "a.proto": `${head}import "b.proto";\nmessage M { C c = 1; }`,
      "b.proto": 'syntax = "proto3"; package b.deep; message C {}',
    });
    expect(message).toBe('a.proto:4:13: unknown type "C"');
  });

  it("a name that two imported files define", async () => {
    const message = await refusal({
      "a.proto": `${head}import "b.proto";\nimport "c.proto";`,
      "b.proto": 'syntax = "proto3"; package x; message C {}',
      "c.proto": 'syntax = "proto3"; package x;\nmessage C {}',
    });
    expect(message).toBe('c.proto:2:9: "x.C" is also defined in "b.proto"');
  });

  it("all unknown names of all files at once", async () => {
    const message = await refusal({
      "a.proto": `${head}import "b.proto";\nmessage M { X x = 1; Y y = 2; }`,
      "b.proto": 'syntax = "proto3"; message N { Z z = 1; }',
    });
    expect(message.split("\n")).toEqual([
      'a.proto:4:13: unknown type "X"',
      'a.proto:4:22: unknown type "Y"',
      'b.proto:1:32: unknown type "Z"',
    ]);
  });
});

it("refuses a number that is reserved alone, which the parser lets pass", async () => {
  const refused = await refusal({ "a.proto": `${head}message M { reserved 5; string a = 5; }` });
  expect(refused).toBe("a.proto:3:32: number 5 is reserved in message M");
});

describe("hostile input", () => {
  it("refuses messages nested deeper than protoc allows, however deep", async () => {
    for (const depth of [33, 100_000]) {
      const proto = `${head}${"message M { ".repeat(depth)}${"}".repeat(depth)}`;
      expect(await refusal({ "a.proto": proto })).toMatch(
        /^a\.proto:3:\d+: messages are nested more than 32 deep$/,
      );
    }
  });

  it("refuses options nested without end", async () => {
    const proto = `${head}option (x) = ${"{ a: ".repeat(10_000)}`;
    expect(await refusal({ "a.proto": proto })).toMatch(/^a\.proto:/);
  });

  it("reads a long run of brackets and of comments in linear time", async () => {
    for (const run of [
      "[".repeat(200_000),
      "/".repeat(200_000),
      "{".repeat(200_000),
      '"\\'.repeat(100_000),
    ]) {
      await refusal({ "a.proto": `${head}message M { string a = 1 ${run}` });
    }
  });
});

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Well-known protos that protobufjs ships as files. */
const shipped = new Set(["api", "descriptor", "source_context", "type"]);

/**
 * The source of a `google/protobuf/*.proto` when no proto path has it.
 * @param name as protos import it: `google/protobuf/timestamp.proto`
 */
export async function wellKnownProto(name: string): Promise<string | undefined> {
  const short = /^google\/protobuf\/(\w+)\.proto$/.exec(name)?.[1];
  if (short === undefined) return undefined;
  if (shipped.has(short)) return readFile(require.resolve(`protobufjs/${name}`), "utf8");
  const body = written[short];
  return body && `syntax = "proto3";\npackage google.protobuf;\n${body}`;
}

const written: { readonly [name: string]: string } = {
  any: `
// Any message, with the name of its type.
message Any {
  // \`type.googleapis.com/\` and the full name of the message.
  string type_url = 1;
  // The message, encoded.
  bytes value = 2;
}`,
  duration: `
// A span of time. Both members have the same sign.
message Duration {
  int64 seconds = 1;
  // From -999,999,999 to 999,999,999.
  int32 nanos = 2;
}`,
  empty: `
// No content.
message Empty {}`,
  field_mask: `
// Names of fields, to read or to change only these.
message FieldMask {
  repeated string paths = 1;
}`,
  struct: `
// A JSON object.
message Struct {
  map<string, Value> fields = 1;
}

// A JSON value.
message Value {
  oneof kind {
    NullValue null_value = 1;
    double number_value = 2;
    string string_value = 3;
    bool bool_value = 4;
    Struct struct_value = 5;
    ListValue list_value = 6;
  }
}

// JSON's null.
enum NullValue {
  NULL_VALUE = 0;
}

// A JSON array.
message ListValue {
  repeated Value values = 1;
}`,
  timestamp: `
// A point in time, independent of any time zone.
message Timestamp {
  // Since 1970-01-01T00:00:00Z.
  int64 seconds = 1;
  // From 0 to 999,999,999, counted forward also before 1970.
  int32 nanos = 2;
}`,
  wrappers: [
    ["Double", "double"],
    ["Float", "float"],
    ["Int64", "int64"],
    ["UInt64", "uint64"],
    ["Int32", "int32"],
    ["UInt32", "uint32"],
    ["Bool", "bool"],
    ["String", "string"],
    ["Bytes", "bytes"],
  ]
    .map(
      ([name, type]) => `\n// A ${type} that can be absent.\nmessage ${name}Value {\n  ${type} value = 1;\n}`,
    )
    .join("\n"),
};

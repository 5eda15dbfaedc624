import {
  ScalarType,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
} from "@bufbuild/protobuf";

/** How the JSON of well-known types looks. */
const forms: Readonly<Record<string, JsonValue>> = {
  "google.protobuf.Any": { "@type": "" },
  "google.protobuf.Duration": "0s",
  "google.protobuf.FieldMask": "",
  "google.protobuf.ListValue": [],
  "google.protobuf.Struct": {},
  "google.protobuf.Timestamp": "1970-01-01T00:00:00Z",
  "google.protobuf.Value": null,
};

/** How many fields are filled in: types can refer to each other so that each doubles what is before it. */
const mostFields = 500;

/**
 * A message's JSON with every field in it, to be filled in: lists and maps with one entry, the first member of each oneof. A
 * type inside of itself is left empty, and what comes after 500 fields.
 */
export function templateOf(message: DescMessage): JsonValue {
  return template(message, { around: [], budget: { left: mostFields } });
}

interface Scope {
  readonly around: readonly DescMessage[];
  readonly budget: { left: number };
}

function template(message: DescMessage, { around, budget }: Scope): JsonValue {
  const form = forms[message.typeName];
  if (form !== undefined) return form;
  const [value] = message.fields;
  if (/^google\.protobuf\.\w+Value$/.test(message.typeName) && value)
    return ofField(value, { around, budget });
  const filled: JsonObject = {};
  if (around.includes(message)) return filled;
  for (const field of message.fields) {
    if (field.oneof && field.oneof.fields[0] !== field) continue;
    if (budget.left-- <= 0) break;
    filled[field.jsonName] = ofField(field, { around: [...around, message], budget });
  }
  return filled;
}

function ofField(field: DescField, scope: Scope): JsonValue {
  const value = ofValue(field, scope);
  if (field.fieldKind === "list") return [value];
  if (field.fieldKind !== "map") return value;
  return { [field.mapKey === ScalarType.STRING ? "" : "0"]: value };
}

function ofValue(field: DescField, scope: Scope): JsonValue {
  if (field.message) return template(field.message, scope);
  if (field.enum) return field.enum.values[0]?.name ?? 0;
  switch (field.scalar) {
    case ScalarType.BOOL:
      return false;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return "";
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return "0";
    default:
      return 0;
  }
}

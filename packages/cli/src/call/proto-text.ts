import { ScalarType, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";

/**
 * Types as a proto declares them, and all that they refer to, each once; without the well-known ones. Names are full.
 * @returns a block of lines for each
 */
export function protoText(messages: readonly DescMessage[]): readonly string[] {
  const types = new Set<DescMessage | DescEnum>(messages);
  // A set goes on to what is added while it is read.
  for (const type of types) {
    if (type.kind === "enum") continue;
    for (const { message, enum: values } of type.fields) {
      const referred = message ?? values;
      if (referred && !referred.typeName.startsWith("google.protobuf.")) types.add(referred);
    }
  }
  return Array.from(types, (type) => (type.kind === "enum" ? enumText(type) : messageText(type)));
}

function messageText(message: DescMessage): string {
  const lines = message.members.flatMap((member) => {
    if (member.kind === "field") return [`  ${fieldText(member)}`];
    return [`  oneof ${member.name} {`, ...member.fields.map((field) => `    ${fieldText(field)}`), "  }"];
  });
  return block(`message ${message.typeName}`, lines);
}

function enumText({ typeName, values }: DescEnum): string {
  return block(
    `enum ${typeName}`,
    values.map(({ name, number }) => `  ${name} = ${number};`),
  );
}

function block(head: string, lines: readonly string[]): string {
  return lines.length === 0 ? `${head} {}` : [`${head} {`, ...lines, "}"].join("\n");
}

function fieldText(field: DescField): string {
  const deprecated = field.deprecated ? " [deprecated = true]" : "";
  return `${labelOf(field)}${typeOf(field)} ${field.name} = ${field.number}${deprecated};`;
}

function labelOf(field: DescField): string {
  if (field.fieldKind === "list") return "repeated ";
  if (field.proto.proto3Optional) return "optional ";
  return field.proto.label === 2 ? "required " : "";
}

function typeOf(field: DescField): string {
  const value = field.message?.typeName ?? field.enum?.typeName ?? scalarName(field.scalar);
  return field.fieldKind === "map" ? `map<${scalarName(field.mapKey)}, ${value}>` : value;
}

function scalarName(scalar: ScalarType | undefined): string {
  return scalar === undefined ? "" : (ScalarType[scalar]?.toLowerCase() ?? "");
}

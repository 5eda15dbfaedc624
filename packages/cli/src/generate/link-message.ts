import protobuf from "protobufjs";
import { refusedEnum, refusedField } from "./checks.js";
import { fieldName } from "./field-name.js";
import type { EnumModel, FieldModel, MessageModel, OneofModel } from "./model.js";
import type { References } from "./references.js";

export function linkMessage(fullName: string, type: protobuf.Type, references: References): MessageModel {
  if ((type as { group?: boolean }).group)
    references.refuseAt(fullName, "groups are not supported: use a nested message");
  const fields: FieldModel[] = [];
  const members = new Map<protobuf.OneOf, FieldModel[]>();
  for (const field of type.fieldsArray) {
    const model = linkField(fullName, type, field, references);
    if (!model) continue;
    const oneof = isOptional(field) ? null : field.partOf;
    if (!oneof) fields.push(model);
    else members.set(oneof, [...(members.get(oneof) ?? []), model]);
  }
  const oneofs: OneofModel[] = [...members].map(([oneof, models]) => ({
    name: fieldName(oneof.name),
    doc: references.doc(`${fullName}.${oneof.name}`),
    members: models,
  }));
  return { fullName, doc: references.doc(fullName, type.options), fields, oneofs };
}

function linkField(
  message: string,
  type: protobuf.Type,
  field: protobuf.Field,
  references: References,
): FieldModel | undefined {
  const fullName = `${message}.${field.name}`;
  const refused = refusedField(type, field);
  if (refused) references.refuseAt(fullName, refused);
  const resolved = references.type(field.type, message, fullName);
  if (!resolved) return undefined;
  return {
    name: fieldName(field.name),
    doc: references.doc(fullName, field.options),
    type: resolved,
    rule: ruleOf(field),
  };
}

function ruleOf(field: protobuf.Field): FieldModel["rule"] {
  if (field.map) return "map";
  if (field.repeated) return "repeated";
  if ((field as { rule?: string }).rule === "required") return "required";
  return isOptional(field) ? "optional" : "single";
}

/** protobufjs puts a proto3 `optional` field into a oneof of its own. */
function isOptional(field: protobuf.Field): boolean {
  return field.options?.["proto3_optional"] === true;
}

export function linkEnum(fullName: string, definition: protobuf.Enum, references: References): EnumModel {
  const refused = refusedEnum(definition, references.file.syntax);
  if (refused) references.refuseAt(fullName, refused);
  const values = Object.keys(definition.values).map((name) => {
    const options = definition.valuesOptions?.[name];
    return { name, doc: references.doc(`${fullName}.${name}`, options) };
  });
  return { fullName, doc: references.doc(fullName, definition.options), values };
}

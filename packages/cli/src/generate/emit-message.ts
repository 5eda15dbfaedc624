import { docblock } from "./comment.js";
import { emitProperty, valueType, type Side } from "./emit-type.js";
import type { FieldModel, MessageModel, OneofModel } from "./model.js";
import type { ModuleScope } from "./module-scope.js";

/** How many combinations of oneof members are written out; past this the compiler gives up (TS2590). */
const maxCombinations = 64;

/** Both types of a message: what one receives, and what one may send. */
export function emitMessage(message: MessageModel, scope: ModuleScope): string {
  return `${emitSide(message, "received", scope)}\n${emitSide(message, "sent", scope)}`;
}

function emitSide(message: MessageModel, side: Side, scope: ModuleScope): string {
  const names = scope.own(message.fullName);
  const name = side === "sent" ? names.init : names.name;
  const fieldsName = side === "sent" ? names.initFields : names.fields;
  const doc = docblock(side === "sent" ? `What one may send as {@link ${names.name}}.` : message.doc);
  const { unions, flat } = splitOneofs(message.oneofs);
  const members = [
    ...message.fields.map((field) => member(field, emitProperty(field, side, scope), "  ")),
    ...flat.map((oneof) => emitFlat(oneof, side, scope)),
  ];
  if (unions.length === 0) return `${doc}export interface ${name} ${body(members, message)}\n`;
  const parts = unions.map((oneof) => emitUnion(oneof, side, scope));
  if (members.length === 0) return `${doc}export type ${name} = ${parts.join(" & ")};\n`;
  const fields = `/** {@link ${name}} outside of its oneofs. */\nexport interface ${fieldsName} ${body(members, message)}\n`;
  return `${fields}\n${doc}export type ${name} = ${[fieldsName, ...parts].join(" & ")};\n`;
}

function body(members: readonly string[], message: MessageModel): string {
  if (members.length > 0) return `{\n${members.join("")}}`;
  // A plain `{}` would take anything that is not null.
  return message.oneofs.length > 0 ? "{}" : "{\n  readonly [field: string]: never;\n}";
}

/** Unions as long as there are few combinations; the rest become optional fields. */
function splitOneofs(oneofs: readonly OneofModel[]): { unions: OneofModel[]; flat: OneofModel[] } {
  const unions: OneofModel[] = [];
  const flat: OneofModel[] = [];
  let combinations = 1;
  for (const oneof of oneofs) {
    const more = combinations * (oneof.members.length + 1);
    if (more > maxCombinations) {
      flat.push(oneof);
    } else {
      combinations = more;
      unions.push(oneof);
    }
  }
  return { unions, flat };
}

function emitUnion(oneof: OneofModel, side: Side, scope: ModuleScope): string {
  const absent = (field: FieldModel): string => `      ${field.name}?: undefined;\n`;
  const variants = oneof.members.map((field) => {
    const tag = side === "sent" ? `?: "${field.name}" | undefined` : `: "${field.name}"`;
    const others = oneof.members.filter((each) => each !== field).map(absent);
    const value = member(field, `${field.name}: ${valueType(field.type, side, scope)}`, "      ");
    return `  | {\n${docblock(oneof.doc, "      ")}      ${oneof.name}${tag};\n${value}${others.join("")}    }\n`;
  });
  const none = `  | {\n      ${oneof.name}?: undefined;\n${oneof.members.map(absent).join("")}    }\n`;
  return `(\n${variants.join("")}${none})`;
}

function emitFlat(oneof: OneofModel, side: Side, scope: ModuleScope): string {
  const tags = oneof.members.map(({ name }) => `"${name}"`).join(" | ");
  const tag = `${docblock(oneof.doc, "  ")}  ${oneof.name}?: ${tags} | undefined;\n`;
  const members = oneof.members.map((field) =>
    member(field, `${field.name}?: ${valueType(field.type, side, scope)} | undefined`, "  "),
  );
  return `${tag}${members.join("")}`;
}

function member(field: FieldModel, property: string, indent: string): string {
  return `${docblock(field.doc, indent)}${indent}${property};\n`;
}

import type { EnumDescriptorProtoInit } from "../gen/google/protobuf/descriptor.js";
import type { Definition } from "./embedded-json.js";
import { optionsOf } from "./options.js";

/** `max` of a reserved range: of numbers of fields, as the parser has it for both, and of those of enums. */
const maxField = 536_870_911;
const maxValue = 2_147_483_647;

export function enumDescriptor({ name, json }: Definition): EnumDescriptorProtoInit {
  const { values = {}, valuesOptions = {}, reserved = [] } = json;
  return {
    name,
    value: Object.entries(values).map(([value, number]) => ({
      name: value,
      number,
      ...optionsOf(valuesOptions[value], { deprecated: "deprecated" }),
    })),
    ...optionsOf(json.options, { allow_alias: "allowAlias", deprecated: "deprecated" }),
    reservedRange: reserved.flatMap((each) =>
      typeof each === "string" ? [] : [{ start: each[0], end: each[1] === maxField ? maxValue : each[1] }],
    ),
    reservedName: reserved.filter((each) => typeof each === "string"),
  };
}

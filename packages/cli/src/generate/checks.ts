import protobuf from "protobufjs";
import type { Syntax } from "./parse.js";

const longs = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);

/** Why a field cannot be generated, if it cannot: what protoc refuses and the parser lets pass, and what the codec gets wrong. */
export function refusedField(type: protobuf.Type, field: protobuf.Field): string | undefined {
  const { id } = field;
  if (id < 1 || id > 536_870_911) return `field number ${id} is not between 1 and 536870911`;
  if (id >= 19_000 && id <= 19_999) return `field numbers 19000 to 19999 belong to protobuf`;
  const isReserved = (type.reserved ?? []).some((range) => Array.isArray(range) && holds(range, id));
  if (isReserved) return `number ${id} is reserved in message ${type.name}`;
  if (field instanceof protobuf.MapField) return refusedKey(field.keyType);
  const initial: unknown = field.options?.["default"];
  if (longs.has(field.type) && typeof initial === "number" && !Number.isSafeInteger(initial)) {
    return `the default of "${field.name}" is beyond 2^53, where the codec rounds it`;
  }
  return undefined;
}

/** Why an enum cannot be generated, if it cannot. */
export function refusedEnum(definition: protobuf.Enum, syntax: Syntax): string | undefined {
  const [first] = Object.values(definition.values);
  if (first === undefined) return `enum ${definition.name} has no values`;
  return syntax === "proto3" && first !== 0
    ? `the first value of enum ${definition.name} must be 0`
    : undefined;
}

/** Why an `idempotency_level` is refused, if it is. */
export function refusedIdempotency(level: unknown): string | undefined {
  const levels = [undefined, "IDEMPOTENCY_UNKNOWN", "IDEMPOTENT", "NO_SIDE_EFFECTS"];
  if (levels.includes(level as string | undefined)) return undefined;
  return `idempotency_level is ${String(level)}, allowed are ${levels.slice(1).join(", ")}`;
}

function refusedKey(keyType: string): string | undefined {
  const entry = `use "repeated Entry" with message Entry { ${keyType} key = 1; ... value = 2; }: the bytes are the same`;
  if (longs.has(keyType))
    return `map keys of type ${keyType} are not supported (the codec decodes them wrongly); ${entry}`;
  if (keyType === "bool")
    return `map keys of type bool are not supported (the codec encodes false as true); ${entry}`;
  return undefined;
}

function holds([from, to]: number[], id: number): boolean {
  return from !== undefined && to !== undefined && from <= id && id <= to;
}

import protobuf, { type Type } from "protobufjs";
import { compile, type MessageCode } from "./compile.js";
import { decoderSource, inOrder } from "./decoder-source.js";
import { encoderSource } from "./encoder-source.js";
import { refuse } from "./refusal.js";
import * as reader from "./wire-reader.js";

const codes = new WeakMap<Type, MessageCode>();

/** The code of a type that `isSpecialisable`, compiled on first use, as is that of the types it holds. */
export function messageCode(type: Type): MessageCode {
  let code = codes.get(type);
  if (!code) {
    code = {
      read: (from, end, depth) =>
        (code!.read = compile(decoderSource(type), scopeOf(type)))(from, end, depth),
      write: (message, to, depth) =>
        (code!.write = compile(encoderSource(type), scopeOf(type)))(message, to, depth),
    };
    codes.set(type, code);
  }
  return code;
}

/** Of the fourth field: `t3` is the code of its message, `e3` has the names of its enum by number, `v3` the other way round. */
function scopeOf(type: Type): Record<string, unknown> {
  const scope: Record<string, unknown> = { ...reader, bytes, number, own, refuse };
  for (const [n, { resolvedType }] of inOrder(type).entries()) {
    if (resolvedType instanceof protobuf.Type) scope[`t${n}`] = messageCode(resolvedType);
    else if (resolvedType) {
      scope[`e${n}`] = { __proto__: null, ...resolvedType.valuesById };
      scope[`v${n}`] = new Map(Object.entries(resolvedType.values));
    }
  }
  return scope;
}

function bytes(values: readonly number[]): Buffer {
  return values.length === 0 ? Buffer.alloc(0) : Buffer.from(values);
}

/** Of an enum's value as users give it; `undefined` where protobufjs takes it for none. */
function number(values: ReadonlyMap<unknown, number>, value: unknown): number | undefined {
  return typeof value === "number" ? value | 0 : values.get(value);
}

function own(map: object, key: string): void {
  Object.defineProperty(map, key, { enumerable: true, configurable: true, writable: true, value: undefined });
}

import { embeddedFile, nestedIn, type Definition } from "./embedded-json.js";
import type { ProtoFile } from "../contract/proto-file.js";

/** What a name in a file stands for. */
export type SymbolKind = "message" | "enum" | "service" | "member";

/**
 * Every full name that a file declares: definitions, and as members fields, oneofs, methods and enum values. Values stand
 * beside their enum, as protobuf scopes them.
 */
export function symbolsOf(file: ProtoFile): ReadonlyMap<string, SymbolKind> {
  const symbols = new Map<string, SymbolKind>();
  const add = ({ name, json }: Definition, around: string): void => {
    const within = (inner: string): string => (around ? `${around}.${inner}` : inner);
    const full = within(name);
    symbols.set(full, json.methods ? "service" : json.values ? "enum" : "message");
    for (const value of Object.keys(json.values ?? {})) symbols.set(within(value), "member");
    for (const method of Object.keys(json.methods ?? {})) symbols.set(`${full}.${method}`, "member");
    for (const members of [json.fields, json.oneofs])
      for (const [key, member] of Object.entries(members ?? {}))
        symbols.set(`${full}.${member.name ?? key}`, "member");
    for (const each of nestedIn(json)) add(each, full);
  };
  const { package: around, definitions } = embeddedFile(file);
  for (const each of definitions) add(each, around);
  return symbols;
}

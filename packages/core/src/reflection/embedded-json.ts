import { ConfigError } from "../errors.js";
import type { ProtoFile } from "../contract/proto-file.js";

/** One object of the JSON that generated code embeds; which members it has tells what it describes. */
export interface EmbeddedJson {
  readonly edition?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly nested?: Readonly<Record<string, EmbeddedJson>>;
  /** Messages have it, also those without fields. */
  readonly fields?: Readonly<Record<string, EmbeddedField>>;
  readonly oneofs?: Readonly<Record<string, EmbeddedOneof>>;
  readonly extensions?: readonly (readonly [number, number])[];
  /** Enums have it. */
  readonly values?: Readonly<Record<string, number>>;
  readonly valuesOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Of messages and enums: names, and numbers from and to, both inclusive. */
  readonly reserved?: readonly (string | readonly [number, number])[];
  /** Services have it. */
  readonly methods?: Readonly<Record<string, EmbeddedMethod>>;
}

export interface EmbeddedField {
  readonly type: string;
  readonly id: number;
  readonly rule?: "repeated" | "required" | "optional";
  /** Of a map. */
  readonly keyType?: string;
  /** As the proto writes it, where that differs from the key. */
  readonly name?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface EmbeddedOneof {
  readonly oneof: readonly string[];
  readonly name?: string;
}

export interface EmbeddedMethod {
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A message, an enum or a service of a file. */
export interface Definition {
  readonly name: string;
  readonly json: EmbeddedJson;
}

/** What a file defines outside of messages, and the package around it. */
export interface EmbeddedFile {
  readonly package: string;
  readonly definitions: readonly Definition[];
}

/**
 * @throws ConfigError when the file's JSON is none
 */
export function embeddedFile(file: ProtoFile): EmbeddedFile {
  let json: EmbeddedJson;
  try {
    json = JSON.parse(file.json) as EmbeddedJson;
  } catch (cause) {
    throw new ConfigError(`${file.name} has an embedded descriptor that is no JSON; generate it again`, {
      cause,
    });
  }
  const packages: string[] = [];
  for (let at = json; ;) {
    const nested = Object.entries(at.nested ?? {});
    const definitions = nested
      .filter(([, each]) => !isPackage(each))
      .map(([name, each]) => ({ name, json: each }));
    const [inner] = nested.filter(([, each]) => isPackage(each));
    if (definitions.length > 0 || !inner) return { package: packages.join("."), definitions };
    packages.push(inner[0]);
    at = inner[1];
  }
}

/** The definitions inside of a message. */
export function nestedIn(json: EmbeddedJson): readonly Definition[] {
  return Object.entries(json.nested ?? {}).map(([name, each]) => ({ name, json: each }));
}

function isPackage({ fields, values, methods }: EmbeddedJson): boolean {
  return !fields && !values && !methods;
}

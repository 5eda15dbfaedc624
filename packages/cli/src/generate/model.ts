/** What is written out for one proto: resolved, checked, and free of protobufjs. */
export interface FileModel {
  readonly name: string;
  readonly package: string;
  readonly messages: readonly MessageModel[];
  readonly enums: readonly EnumModel[];
  readonly services: readonly ServiceModel[];
  /** The files whose types this one refers to. */
  readonly uses: readonly string[];
  /** protobufjs JSON of this file alone, its references absolute. */
  readonly json: string;
}

export interface MessageModel {
  readonly fullName: string;
  readonly doc: string;
  /** Those outside of any oneof. */
  readonly fields: readonly FieldModel[];
  readonly oneofs: readonly OneofModel[];
}

export interface OneofModel {
  /** The discriminator's name in TypeScript. */
  readonly name: string;
  readonly doc: string;
  readonly members: readonly FieldModel[];
}

export interface FieldModel {
  /** In TypeScript and in the embedded JSON: `itemCount`. */
  readonly name: string;
  readonly doc: string;
  readonly type: TypeModel;
  /** `single` always has a value when received, `optional` may be absent, `required` must be sent. */
  readonly rule: "single" | "optional" | "required" | "repeated" | "map";
}

export type TypeModel =
  | { readonly kind: "scalar"; readonly name: string }
  | { readonly kind: "message" | "enum"; readonly fullName: string; readonly file: string };

export interface EnumModel {
  readonly fullName: string;
  readonly doc: string;
  readonly values: readonly { readonly name: string; readonly doc: string }[];
}

export interface ServiceModel {
  readonly fullName: string;
  readonly doc: string;
  readonly methods: readonly MethodModel[];
}

export interface MethodModel {
  /** In the proto: `Get`. */
  readonly name: string;
  /** In TypeScript: `get`. */
  readonly key: string;
  readonly doc: string;
  readonly kind: "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";
  readonly idempotent: boolean;
  readonly request: TypeModel;
  readonly response: TypeModel;
}

import type { DescMessage, DescService, JsonValue } from "@bufbuild/protobuf";
import type { MethodContract, ServiceContract } from "@rollcall/core";

/** Where contracts come from while a command runs: server reflection, protos, or a module of generated code. */
export interface ContractSource extends AsyncDisposable {
  /** For messages: `shop.proto`, `server reflection of 10.0.0.1:8080`. */
  readonly description: string;
  /** The full names of all services, sorted. */
  services(): Promise<readonly string[]>;
  /**
   * A service by its full name.
   * @throws ConfigError when there is none of that name; it lists what there is
   */
  service(name: string): Promise<DescribedService>;
}

/** A service that is known by its descriptor. */
export interface DescribedService {
  /** The full proto name. */
  readonly name: string;
  readonly descriptor: DescService;
  /**
   * What a client is made of. Its methods have the names that `rollcall generate` would give them, and its messages are
   * opaque: a method's formats make them and read them.
   */
  readonly contract: ServiceContract<any>;
  readonly methods: readonly DescribedMethod[];
  /**
   * A method by its name in the proto (`Get`) or in the contract (`get`).
   * @throws ConfigError when there is none of that name; it says which are near
   */
  method(name: string): DescribedMethod;
  /** The messages of any type in the service's files, by its full name: what details of errors may be. */
  format(typeName: string): MessageFormat | undefined;
}

export interface DescribedMethod {
  /** In the proto: `Get`. */
  readonly name: string;
  /** In the contract, and so in its clients: `get`. */
  readonly key: string;
  readonly contract: MethodContract;
  readonly deprecated: boolean;
  readonly request: MessageFormat;
  readonly response: MessageFormat;
}

/** The messages of one type, and how JSON writes them: the ProtoJSON mapping. */
export interface MessageFormat {
  /** `shop.v1.Order` */
  readonly typeName: string;
  readonly descriptor: DescMessage;
  /**
   * A message from its JSON: names in camelCase or as the proto writes them, 64-bit integers as strings or numbers, bytes in
   * base64, enums by name or number, well-known types in their own forms.
   * @throws ConfigError that says where in the JSON something is wrong
   */
  fromJson(json: JsonValue): object;
  /** A message from its bytes. Throws on what cannot be read. */
  decode(bytes: Uint8Array): object;
  /**
   * The JSON of a message. Fields that have their default are left out, unless told otherwise and where they may be told apart
   * from absent ones.
   */
  toJson(message: object, options?: { readonly defaults?: boolean | undefined }): JsonValue;
}

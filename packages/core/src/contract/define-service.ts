import type { ServiceDefinition } from "@grpc/proto-loader";
import { asBuffer, type Codec } from "./codec.js";
import type { MethodContract, MethodKind, ServiceContract } from "./contract.js";
import type { ProtoFile } from "./proto-file.js";

/** What generated code states about one method. */
export interface MethodDeclaration {
  /** The method's name in the proto: `Get`. */
  readonly name: string;
  readonly kind: MethodKind;
  readonly idempotent: boolean;
}

/**
 * Declares a service contract; generated code calls this.
 * @param name the full proto name, `shop.v1.Orders`
 * @param methods by their TypeScript name: `{ get: { name: "Get", kind: "unary", idempotent: true } }`
 */
export function defineService<S>(
  name: string,
  file: ProtoFile,
  methods: { readonly [M in keyof S]: MethodDeclaration },
): ServiceContract<S> {
  const contracts = {} as { [M in keyof S]: MethodContract };
  for (const key of Object.keys(methods) as (keyof S)[]) {
    const declared = methods[key];
    contracts[key] = {
      path: `/${name}/${declared.name}`,
      kind: declared.kind,
      idempotent: declared.idempotent,
      request: lazyCodec(() => codecOf(file.service(name), declared.name, "request")),
      response: lazyCodec(() => codecOf(file.service(name), declared.name, "response")),
    };
  }
  return { name, file, methods: contracts };
}

function codecOf(service: ServiceDefinition, method: string, side: "request" | "response"): Codec {
  const definition = service[method];
  if (!definition) throw new Error(`the embedded descriptor has no method ${method}`);
  return side === "request"
    ? {
        encode: definition.requestSerialize,
        decode: (bytes) => definition.requestDeserialize(asBuffer(bytes)),
      }
    : {
        encode: definition.responseSerialize,
        decode: (bytes) => definition.responseDeserialize(asBuffer(bytes)),
      };
}

function lazyCodec(make: () => Codec): Codec {
  let codec: Codec | undefined;
  return {
    encode: (message) => (codec ??= make()).encode(message),
    decode: (bytes) => (codec ??= make()).decode(bytes),
  };
}

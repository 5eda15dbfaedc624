import type { Codec } from "./codec.js";
import type { MethodContract, MethodKind, ServiceContract } from "./contract.js";
import type { MethodCodecs, ProtoFile } from "./proto-file.js";

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
  let codecs: ReadonlyMap<string, MethodCodecs> | undefined;
  const codecsOf = (method: string): MethodCodecs => {
    const found = (codecs ??= file.codecs(name)).get(method);
    if (!found) throw new Error(`the embedded descriptor has no method ${method}`);
    return found;
  };
  const contracts = {} as { [M in keyof S]: MethodContract };
  for (const key of Object.keys(methods) as (keyof S)[]) {
    const declared = methods[key];
    contracts[key] = {
      path: `/${name}/${declared.name}`,
      kind: declared.kind,
      idempotent: declared.idempotent,
      request: lazyCodec(() => codecsOf(declared.name).request),
      response: lazyCodec(() => codecsOf(declared.name).response),
    };
  }
  return { name, file, methods: contracts };
}

function lazyCodec(make: () => Codec): Codec {
  let codec: Codec | undefined;
  return {
    encode: (message) => (codec ??= make()).encode(message),
    decode: (bytes) => (codec ??= make()).decode(bytes),
  };
}

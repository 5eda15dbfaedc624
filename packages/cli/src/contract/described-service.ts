import {
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type DescService,
  type FileRegistry,
  type Message,
} from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import {
  ConfigError,
  type Codec,
  type MethodContract,
  type ProtoFile,
  type ServiceContract,
} from "@rollcall/core";
import { methodKeys } from "../generate/field-name.js";
import type { DescribedMethod, DescribedService } from "./contract-source.js";
import { messageFormat } from "./message-format.js";
import { nearest } from "./nearest.js";

/**
 * A service of a registry.
 * @throws ConfigError when it has none of that name
 */
export function describeService(registry: FileRegistry, name: string, origin: string): DescribedService {
  const found = registry.getService(name);
  if (!found) throw new ConfigError(unknownService(name, servicesOf(registry), origin));
  const keys = methodKeys(found.methods.map((method) => method.name));
  const methods = found.methods.map((method) =>
    describeMethod(method, keys.get(method.name) ?? method.name, registry),
  );
  const contracts: ServiceContract<any>["methods"] = Object.fromEntries(
    methods.map(({ key, contract }) => [key, contract]),
  );
  return {
    name,
    descriptor: found,
    contract: { name, methods: contracts, file: descriptorFile(found) },
    methods,
    format(typeName) {
      const message = registry.getMessage(typeName);
      return message && messageFormat(message, registry);
    },
    method(wanted) {
      const method =
        methods.find((each) => each.name === wanted) ?? methods.find((each) => each.key === wanted);
      if (method) return method;
      const names = methods.map((each) => each.name);
      throw new ConfigError(
        names.length === 0
          ? `${name} has no methods`
          : `${name} has no method ${JSON.stringify(wanted)}; ${nearest(wanted, names)}`,
      );
    },
  };
}

/** The full names of all services of a registry, sorted. */
export function servicesOf(registry: FileRegistry): readonly string[] {
  const names: string[] = [];
  for (const type of registry) if (type.kind === "service") names.push(type.typeName);
  return names.toSorted();
}

/** Why a service is not found, and what there is instead. */
export function unknownService(name: string, services: readonly string[], origin: string): string {
  const wanted = `${origin} has no service ${JSON.stringify(name)}`;
  return services.length === 0 ? `${wanted}, and no other` : `${wanted}; ${nearest(name, services)}`;
}

function describeMethod(method: DescMethod, key: string, registry: FileRegistry): DescribedMethod {
  const idempotent = method.idempotency === Level.IDEMPOTENT || method.idempotency === Level.NO_SIDE_EFFECTS;
  const contract: MethodContract = {
    path: `/${method.parent.typeName}/${method.name}`,
    kind: method.methodKind,
    idempotent,
    request: codecOf(method.input),
    response: codecOf(method.output),
  };
  return {
    name: method.name,
    key,
    contract,
    deprecated: method.deprecated,
    request: messageFormat(method.input, registry),
    response: messageFormat(method.output, registry),
  };
}

function codecOf(descriptor: DescMessage): Codec {
  return {
    encode: (message) => Buffer.from(toBinary(descriptor, message as Message)),
    decode: (bytes) => fromBinary(descriptor, bytes),
  };
}

/** Clients do not look into the file of a contract; servers do, and would be generated. */
function descriptorFile({ file }: DescService): ProtoFile {
  const name = file.proto.name;
  const refuse = (): never => {
    throw new Error(`${name} is known by its descriptor only: generate code from it to serve it`);
  };
  return { name, imports: [], json: "{}", service: refuse, message: refuse, codecs: refuse };
}

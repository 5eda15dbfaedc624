import { fileURLToPath } from "node:url";
import { loadSync, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";

const folder = fileURLToPath(new URL("proto", import.meta.url));
const loaded = loadSync("grpc/testing/test.proto", { includeDirs: [folder], defaults: true, enums: String });

export type Method = MethodDefinition<object, object>;

/** A service as proto-loader reads it: nothing of our generator or codecs is in it. */
export function plainService(name: "TestService" | "UnimplementedService"): ServiceDefinition {
  return loaded[`grpc.testing.${name}`] as ServiceDefinition;
}

/** @param method as in TypeScript: `emptyCall` */
export function methodOf(service: "TestService" | "UnimplementedService", method: string): Method {
  const definition = plainService(service)[method.charAt(0).toUpperCase() + method.slice(1)];
  if (!definition) throw new Error(`${service} has no method ${method}`);
  return definition;
}

import { docblock } from "./comment.js";
import { valueType } from "./emit-type.js";
import type { FileModel, MethodModel, ServiceModel } from "./model.js";
import type { ModuleScope } from "./module-scope.js";

const descriptors = {
  unary: "Unary",
  server_streaming: "ServerStreaming",
  client_streaming: "ClientStreaming",
  bidi_streaming: "BidiStreaming",
} as const;

/** The type side of a service: one descriptor per method. */
export function emitServiceType(service: ServiceModel, scope: ModuleScope, importFrom: string): string {
  const { name } = scope.own(service.fullName);
  const methods = service.methods.map((method) => {
    const types = [
      valueType(method.request, "received", scope),
      valueType(method.response, "received", scope),
      valueType(method.request, "sent", scope),
      valueType(method.response, "sent", scope),
    ];
    const descriptor = scope.importFrom(importFrom, descriptors[method.kind], true);
    return `${docblock(method.doc, "  ")}  ${method.key}: ${descriptor}<${types.join(", ")}>;\n`;
  });
  return `${docblock(service.doc)}export interface ${name} {\n${methods.join("")}}\n`;
}

/** The embedded definitions of the file. */
export function emitFile(model: FileModel, scope: ModuleScope, importFrom: string): string {
  const protoFile = scope.importFrom(importFrom, "ProtoFile", true);
  const defineFile = scope.importFrom(importFrom, "defineFile", false);
  const imports = model.uses.map((name) => scope.importFile(name));
  const embedded = `'${model.json.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const args = [
    JSON.stringify(model.name),
    embedded,
    ...(imports.length > 0 ? [`[${imports.join(", ")}]`] : []),
  ];
  return `export const ${scope.file}: ${protoFile} = ${defineFile}(\n${args.map((arg) => `  ${arg},\n`).join("")});\n`;
}

/** The value side of a service: the contract that servers and clients share. */
export function emitContract(service: ServiceModel, scope: ModuleScope, importFrom: string): string {
  const { name } = scope.own(service.fullName);
  const contract = scope.importFrom(importFrom, "ServiceContract", true);
  const defineService = scope.importFrom(importFrom, "defineService", false);
  const methods = service.methods.map((method) => `  ${method.key}: ${declaration(method)},\n`);
  const call = `${defineService}<${name}>(${JSON.stringify(service.fullName)}, ${scope.file}, {\n${methods.join("")}})`;
  return `${docblock(service.doc)}export const ${name}: ${contract}<${name}> = ${call};\n`;
}

function declaration({ name, kind, idempotent }: MethodModel): string {
  return `{ name: ${JSON.stringify(name)}, kind: ${JSON.stringify(kind)}, idempotent: ${idempotent} }`;
}

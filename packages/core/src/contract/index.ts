export {
  methodName,
  type Codec,
  type MethodContract,
  type MethodKind,
  type ServiceContract,
} from "./contract.js";
export { defineFile, type MethodCodecs, type ProtoFile } from "./proto-file.js";
export { defineService, type MethodDeclaration } from "./define-service.js";
export type {
  BidiStreaming,
  ClientMethod,
  ClientOf,
  ClientStreaming,
  Handlers,
  MethodHandler,
  ServerStreaming,
  Unary,
} from "./shapes.js";

export { Code, codeName, codeOf } from "./code.js";
export { ConfigError, RpcError, type Processed, type RpcErrorOptions } from "./errors.js";
export { Metadata } from "@grpc/grpc-js";
export type { CallOptions } from "./call/options.js";
export type {
  Call,
  CallChange,
  CallContext,
  End,
  Handler,
  Interceptor,
  Peer,
  Reply,
  ServerCallContext,
  StreamRequest,
  StreamResponse,
  UnaryRequest,
  UnaryResponse,
} from "./call/call.js";
export { compose } from "./call/compose.js";
export {
  methodName,
  type Codec,
  type MethodContract,
  type MethodKind,
  type ServiceContract,
} from "./contract/contract.js";
export { defineFile, type ProtoFile } from "./contract/proto-file.js";
export { defineService, type MethodDeclaration } from "./contract/define-service.js";
export type {
  BidiStreaming,
  ClientMethod,
  ClientOf,
  ClientStreaming,
  Handlers,
  MethodHandler,
  ServerStreaming,
  Unary,
} from "./contract/shapes.js";
export { sleepOn, systemClock, type Clock } from "./ports/clock.js";
export { createFeed, type Feed, type FeedSource } from "./ports/feed.js";
export {
  startedAt,
  type Discovery,
  type Registration,
  type RegistrationState,
  type Registry,
  type RegistryBackend,
  type ServiceInstance,
  type Snapshot,
} from "./ports/registry.js";
export {
  isNoPick,
  type Balancer,
  type BalancerFactory,
  type Endpoint,
  type EndpointStats,
  type NoPick,
  type Outcome,
  type PickArgs,
} from "./ports/balancer.js";
export type { Connection, ConnectionState, Listener, ServerTransport, Transport } from "./ports/transport.js";
export type { Lifecycle } from "./ports/lifecycle.js";

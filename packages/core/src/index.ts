export { Service, type ServiceCheck, type ServiceClass, type UnknownField } from "./decorators/service.js";
export { Method } from "./decorators/method.js";
export {
  Client,
  clientRequests,
  type ClientOptions,
  type ClientRequest,
  type ClientTlsOptions,
  type DeclareParameterAs,
} from "./decorators/client.js";
export { contractOf, methodOptionsOf, type MethodOptions, type RateLimit } from "./decorators/metadata.js";
export { Code, codeName, codeOf, isServerFault } from "./code.js";
export { ConfigError, RpcError, type Processed, type RpcErrorOptions } from "./errors.js";
export {
  defineError,
  type DeclaredError,
  type DeclaredErrorOptions,
  type DeclaredErrorType,
  type ErrorDeclaration,
  type ErrorMetadata,
} from "./errors/define-error.js";
export {
  BadRequest,
  badRequest,
  DebugInfo,
  debugInfo,
  ErrorInfo,
  errorInfo,
  Help,
  help,
  LocalizedMessage,
  localizedMessage,
  PreconditionFailure,
  preconditionFailure,
  QuotaFailure,
  quotaFailure,
  RequestInfo,
  requestInfo,
  ResourceInfo,
  resourceInfo,
  retryDelayMs,
  RetryInfo,
  retryInfo,
} from "./errors/details.js";
export { defineDetail, type Detail, type DetailType } from "./errors/detail-type.js";
export { sendableText } from "./errors/sendable-text.js";
export { errorTrailer } from "./errors/status-details.js";
export { carefulLogger } from "./errors/careful-logger.js";
export { loggedError } from "./errors/logged-error.js";
export { withoutCredentials } from "./errors/credentials.js";
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
export { currentCall, runInCall } from "./call/current.js";
export { mapStream, type StreamHooks } from "./call/stream.js";
export {
  createCall,
  createServerCall,
  isRequestStream,
  isResponseStream,
  type ServerParts,
} from "./call/pipeline-call.js";
export { errorEnd, okEnd } from "./call/end.js";
export { bindClient } from "./client/bind-client.js";
export { type ClientEnv } from "./client/start-call.js";
export { clientPipeline, type Destination, type PipelineEnv } from "./client/create-pipeline.js";
export {
  breakerSettings,
  type BreakerOptions,
  type BreakerSettings,
} from "./client/breaker/breaker-options.js";
export { breaker } from "./client/breaker/breaker-stage.js";
export { BreakerOpen, breakerOpen } from "./client/breaker/breaker-open.js";
export { type BreakerView } from "./client/breaker/breaker.js";
export { type Counts } from "./client/breaker/rolling-counts.js";
export { type Fallback, type FallbackMethod } from "./client/fallback.js";
export { defaultBusyPollUs } from "./lane/busy-poll.js";
export { defaultMaxPendingCalls } from "./client/pending-limit.js";
export { type RetryOptions } from "./client/retry.js";
export { type RetryBudgetOptions } from "./client/retry-budget.js";
export { hashText, mixBits } from "./routing/hash.js";
export { laneKey, stickyKey } from "./routing/identity.js";
export { matches, targetName } from "./routing/target.js";
export {
  createRoutes,
  effectiveWeights,
  type RuledRoute,
  type Routes,
  type Subset,
} from "./routing/routes.js";
export { route, type Route } from "./routing/route.js";
export { type RouteSource } from "./routing/route-stage.js";
export { Cluster, type ClusterEnv } from "./cluster/cluster.js";
export { listen, type RpcServer, type ServerEnv } from "./server/create-server.js";
export { defaultCallLimits, type CallLimits } from "./server/call-limits.js";
export { createLoopLag, type LoopLag } from "./server/loop-lag.js";
export { type ShedBy } from "./server/shed.js";
export { createDispatch, type BoundService } from "./server/dispatch.js";
export { type DrainGate } from "./server/drain-gate.js";
export { createHealthService, type HealthService } from "./server/health.js";
export { Health } from "./gen/grpc/health/v1/health.js";
export { createReflectionService } from "./reflection/reflection-service.js";
export { fileDescriptor } from "./reflection/file-descriptor.js";
export { withImports } from "./reflection/imports.js";
export {
  ServerReflection,
  type ServerReflectionRequestInit,
  type ServerReflectionResponse,
} from "./gen/grpc/reflection/v1/reflection.js";
export { ServerReflection as ServerReflectionV1Alpha } from "./gen/grpc/reflection/v1alpha/reflection.js";
export { Link } from "./gen/rollcall/link/v1/link.js";
export {
  createLinkService,
  type LinkDrain,
  type LinkIdentity,
  type LinkService,
} from "./link/link-service.js";
export { laneFeature } from "./lane/lane-protocol.js";
export { allowLanes, type MessageLimits } from "./lane/server-limits.js";
export { type LinkEnv } from "./link/linked-connection.js";
export { linkedTransport } from "./link/linked-transport.js";
export { linkFeature, linkPath } from "./link/link-protocol.js";
export { createGrpcTransport, type GrpcTransportOptions } from "./transport/grpc/transport.js";
export { defaultServerLimits, type GrpcServerLimits } from "./transport/grpc/server-limits.js";
export { sendable } from "./transport/grpc/sendable.js";
export {
  createGrpcServerTransport,
  type GrpcServerTransportOptions,
  type ServerTlsOptions,
} from "./transport/grpc/server.js";
export { type ClientAuth } from "./transport/grpc/tls-server-credentials.js";
export { parseCidr } from "./transport/address-policy.js";
export {
  createCertificateProvider,
  type CertificateProvider,
  type CertificateProviderEnv,
} from "./tls/certificate-provider.js";
export { type CertificateFiles, type Certificates, type PemContents } from "./tls/certificates.js";
export { allowedServerNames, expandServerName } from "./tls/server-name.js";
export { isIdentity } from "./tls/peer-identity.js";
export { compose } from "./call/compose.js";
export {
  methodName,
  type Codec,
  type MethodContract,
  type MethodKind,
  type ServiceContract,
} from "./contract/contract.js";
export { encodedMessage } from "./contract/codec.js";
export { defineFile, type MethodCodecs, type ProtoFile } from "./contract/proto-file.js";
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
  type ListedInstance,
  type Registration,
  type RegistrationState,
  type Registry,
  type RegistryBackend,
  type ServiceInstance,
  type Snapshot,
} from "./ports/registry.js";
export {
  mostReportedBreakers,
  type BreakerReport,
  type BreakerReports,
  type ReportedBreaker,
} from "./ports/breaker-reports.js";
export {
  mostReporters,
  type AttemptCounts,
  type CallerReport,
  type CompareAndSet,
  type Leadership,
  type PolicyChange,
  type Rollout,
  type RolloutPolicy,
  type RolloutState,
  type RolloutStore,
  type Rule,
  type StoredPolicy,
  type Target,
} from "./ports/rollout.js";
export {
  isNoPick,
  type Balancer,
  type BalancerEnv,
  type BalancerFactory,
  type NoPick,
  type Outcome,
  type PickArgs,
} from "./ports/balancer.js";
export type { ConnectionState, Endpoint, EndpointStats } from "./ports/endpoint.js";
export type { Connection, ConnectOptions, Listener, ServerTransport, Transport } from "./ports/transport.js";
export type { Lifecycle } from "./ports/lifecycle.js";
export { startAll, stopAll } from "./lifecycle/lifecycles.js";
export { boundedSignal, unlessAborted } from "./lifecycle/bounded.js";

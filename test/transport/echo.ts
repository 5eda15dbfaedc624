import {
  createCall,
  listen,
  Metadata,
  type BoundService,
  type Call,
  type Clock,
  type Codec,
  type Interceptor,
  type MethodContract,
  type MethodKind,
  type RpcServer,
  type ServerCallContext,
  type ServerTransport,
  type ServiceContract,
  type ServiceInstance,
} from "@rollcall/core";
import { pino } from "pino";

type Names = "unary" | "serverStream" | "clientStream" | "bidi";

/** Handlers of any behaviour, good and bad. */
export type EchoHandlers = Partial<Record<Names, (request: any, ctx: ServerCallContext) => unknown>>;

const kinds: Record<Names, MethodKind> = {
  unary: "unary",
  serverStream: "server_streaming",
  clientStream: "client_streaming",
  bidi: "bidi_streaming",
};

const json: Codec = {
  encode: (message) => Buffer.from(JSON.stringify(message)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as object,
};

function methodOf(name: string, kind: MethodKind): MethodContract {
  return { path: `/test.v1.Echo/${name}`, kind, idempotent: false, request: json, response: json };
}

const methods = Object.fromEntries(
  Object.entries(kinds).map(([name, kind]) => [name, methodOf(name, kind)]),
) as Record<Names, MethodContract>;

const echo: ServiceContract<any> = { name: "test.v1.Echo", methods, file: undefined as never };

/** The server pipeline over a transport. */
export function serveEcho(
  transport: ServerTransport,
  clock: Clock,
  handlers: EchoHandlers,
  interceptors: readonly Interceptor[] = [],
  internal: readonly BoundService[] = [],
): Promise<RpcServer> {
  return listen({
    services: [{ contract: echo, implementation: handlers }],
    internal,
    transport,
    interceptors,
    edge: true,
    timeoutOf: () => undefined,
    clock,
    logger: pino({ level: "silent" }),
  });
}

export interface EchoCall {
  readonly metadata?: Metadata;
  /** Of the clock. Default none. */
  readonly deadline?: number;
  /** Instead of the method's own. */
  readonly method?: Partial<MethodContract>;
}

/** A call as the pipeline gives it to a connection. */
export function echoCall(name: Names, request: object = {}, change: EchoCall = {}): Call {
  const { metadata = new Metadata(), deadline = Infinity, method } = change;
  return createCall({ method: { ...methods[name], ...method }, metadata, deadline, request });
}

export function instanceAt(address: string): ServiceInstance {
  return {
    id: address,
    incarnation: "1-a",
    app: "echo",
    service: echo.name,
    address,
    version: "1",
    track: "stable",
    zone: "",
    weight: 100,
    state: "up",
    features: [],
    labels: {},
  };
}

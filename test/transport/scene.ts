import type {
  BoundService,
  Clock,
  Connection,
  Interceptor,
  Reply,
  RpcServer,
  ServerTransport,
  ServiceInstance,
  Transport,
} from "@rollcall/core";
import { expect } from "vitest";
import { instanceAt, serveEcho, type EchoHandlers } from "./echo.js";

/** A transport under test, both sides of it, and the time that it lives in. */
export interface TransportUnderTest {
  readonly clock: Clock;
  readonly transport: Transport;
  /** On a host that `addressOf` knows. */
  serverTransport(port?: number): ServerTransport;
  addressOf(port: number): string;
  /** A port on which nothing listens but this test. */
  holdPort(): Promise<AsyncDisposable & { readonly port: number }>;
  /** Whether a connection that is ready has become all that it will be. Default: it has. */
  isComplete?(connection: Connection): boolean;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** Resolves when the check has become true, which needs no time of the clock; fails otherwise. */
  eventually(check: () => boolean): Promise<void>;
}

/** Servers and connections of one test, closed at its end. */
export class Scene implements AsyncDisposable {
  readonly under: TransportUnderTest;
  readonly #servers: RpcServer[] = [];
  readonly #connections: Connection[] = [];

  constructor(under: TransportUnderTest) {
    this.under = under;
  }

  async serve(
    handlers: EchoHandlers,
    interceptors?: readonly Interceptor[],
    port?: number,
    internal?: readonly BoundService[],
  ): Promise<RpcServer> {
    const { clock } = this.under;
    const server = await serveEcho(this.under.serverTransport(port), clock, handlers, interceptors, internal);
    this.#servers.push(server);
    return server;
  }

  /** A connection in whatever state. */
  dial(
    port: number,
    over: Transport = this.under.transport,
    change: Partial<ServiceInstance> = {},
  ): Connection {
    const connection = over.connect({ ...instanceAt(this.under.addressOf(port)), ...change });
    this.#connections.push(connection);
    return connection;
  }

  /** A connection that takes calls. */
  async connect(server: RpcServer): Promise<Connection> {
    const connection = this.dial(server.listener.port);
    await this.under.eventually(() => connection.state === "ready");
    await this.under.eventually(() => this.under.isComplete?.(connection) ?? true);
    return connection;
  }

  async pair(
    handlers: EchoHandlers,
    interceptors?: readonly Interceptor[],
  ): Promise<{ server: RpcServer; connection: Connection }> {
    const server = await this.serve(handlers, interceptors);
    return { server, connection: await this.connect(server) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#connections.map((each) => each.close(0)));
    await Promise.all(this.#servers.map((each) => each.listener.close()));
  }
}

export function streamOf(reply: Reply): AsyncIterable<object> {
  if (!reply.responseStream) throw new Error("not a stream");
  return reply.response;
}

export async function all(reply: Reply): Promise<object[]> {
  const messages: object[] = [];
  for await (const message of streamOf(reply)) messages.push(message);
  return messages;
}

export const never = (): Promise<never> => new Promise(() => {});

export async function* sent(...messages: object[]): AsyncGenerator<object> {
  yield* messages;
}

/** What a promise rejects with looks like this. */
export async function rejects(promise: Promise<unknown>, like: object): Promise<void> {
  await expect(promise).rejects.toMatchObject(like);
}

import type { CallOptions } from "../call/options.js";
import type { ServerCallContext } from "../call/call.js";

/** One request, one response. `*Init` is what one may send: every field optional, int64 as string, number or bigint. */
export interface Unary<Req, Res, ReqInit = Req, ResInit = Res> {
  kind: "unary";
  req: Req;
  res: Res;
  reqInit: ReqInit;
  resInit: ResInit;
}
/** One request, a stream of responses. */
export interface ServerStreaming<Req, Res, ReqInit = Req, ResInit = Res> {
  kind: "server_streaming";
  req: Req;
  res: Res;
  reqInit: ReqInit;
  resInit: ResInit;
}
/** A stream of requests, one response. */
export interface ClientStreaming<Req, Res, ReqInit = Req, ResInit = Res> {
  kind: "client_streaming";
  req: Req;
  res: Res;
  reqInit: ReqInit;
  resInit: ResInit;
}
/** A stream of requests, a stream of responses. */
export interface BidiStreaming<Req, Res, ReqInit = Req, ResInit = Res> {
  kind: "bidi_streaming";
  req: Req;
  res: Res;
  reqInit: ReqInit;
  resInit: ResInit;
}

/** What a service class implements for one method descriptor. */
export type MethodHandler<M> =
  M extends Unary<infer Req, any, any, infer Out>
    ? (request: Req, ctx: ServerCallContext) => Promise<Out>
    : M extends ServerStreaming<infer Req, any, any, infer Out>
      ? (request: Req, ctx: ServerCallContext) => AsyncIterable<Out>
      : M extends ClientStreaming<infer Req, any, any, infer Out>
        ? (requests: AsyncIterable<Req>, ctx: ServerCallContext) => Promise<Out>
        : M extends BidiStreaming<infer Req, any, any, infer Out>
          ? (requests: AsyncIterable<Req>, ctx: ServerCallContext) => AsyncIterable<Out>
          : never;

/** Every method a class must have to serve the contract. */
export type Handlers<S> = { [M in keyof S]: MethodHandler<S[M]> };

/** What a caller of one method sees. */
export type ClientMethod<M> =
  M extends Unary<any, infer Res, infer In, any>
    ? (request: In, options?: CallOptions) => Promise<Res>
    : M extends ServerStreaming<any, infer Res, infer In, any>
      ? (request: In, options?: CallOptions) => AsyncIterable<Res>
      : M extends ClientStreaming<any, infer Res, infer In, any>
        ? (requests: AsyncIterable<In>, options?: CallOptions) => Promise<Res>
        : M extends BidiStreaming<any, infer Res, infer In, any>
          ? (requests: AsyncIterable<In>, options?: CallOptions) => AsyncIterable<Res>
          : never;

/** The typed client of a contract: one function per method. */
export type ClientOf<S> = { readonly [M in keyof S]: ClientMethod<S[M]> };

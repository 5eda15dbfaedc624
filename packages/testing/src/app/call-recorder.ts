import {
  Code,
  mapStream,
  methodName,
  RpcError,
  type Call,
  type Clock,
  type Interceptor,
  type Metadata,
  type MethodContract,
  type Reply,
  type ServiceContract,
} from "@rollcall/core";
import { setOrigin } from "./origin.js";
import type { CallLogs } from "./recorded-call.js";

interface Entry {
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly atMs: number;
  readonly request?: object;
  readonly requests?: object[];
  readonly responses?: object[];
  response?: object | undefined;
  code: Code | undefined;
  error: RpcError | undefined;
}

/** Writes down the calls that reach the servers of one test. */
export class CallRecorder {
  readonly #clock: Clock;
  readonly #seed: number;
  readonly #logs = new Map<string, Entry[]>();

  constructor(clock: Clock, seed: number) {
    this.#clock = clock;
    this.#seed = seed;
  }

  /** Everything recorded of a service, live. */
  logs<S>(contract: ServiceContract<S>): CallLogs<S> {
    const methods = Object.entries<MethodContract>(contract.methods);
    return Object.fromEntries(
      methods.map(([name, method]) => [name, this.#log(method)]),
    ) as unknown as CallLogs<S>;
  }

  /** How many calls each method got, by its name. */
  counts(): Readonly<Record<string, number>> {
    const counts = [...this.#logs].filter(([, log]) => log.length > 0);
    return Object.fromEntries(counts.map(([path, log]) => [path.slice(1), log.length]));
  }

  /** Outermost among a server's interceptors: it sees what arrives, and what leaves. */
  readonly interceptor: Interceptor = (next) => async (call) => {
    const entry = this.#begin(call);
    const settle = (code: Code, error: RpcError | undefined): void => {
      entry.code ??= code;
      entry.error ??= error;
    };
    call.onCancel((reason) => settle(reason.code, reason));
    try {
      const reply = await next(withRequests(call, entry));
      void reply.end.then(({ code, error }) => settle(code, error));
      return withResponses(reply, entry);
    } catch (thrown) {
      const error = RpcError.from(thrown, methodName(call.method));
      settle(error.code, error);
      throw thrown;
    }
  };

  #log(method: MethodContract): Entry[] {
    let log = this.#logs.get(method.path);
    if (!log) {
      log = setOrigin<Entry[]>([], { seed: this.#seed, method: methodName(method) });
      this.#logs.set(method.path, log);
    }
    return log;
  }

  #begin(call: Call): Entry {
    const { metadata, deadline, method } = call;
    const streamed = method.kind === "server_streaming" || method.kind === "bidi_streaming";
    const entry: Entry = {
      ...(call.requestStream ? { requests: [] } : { request: call.request }),
      ...(streamed ? { responses: [] } : { response: undefined }),
      metadata,
      deadline,
      atMs: this.#clock.now(),
      code: undefined,
      error: undefined,
    };
    this.#log(method).push(entry);
    return entry;
  }
}

function withRequests(call: Call, { requests }: Entry): Call {
  if (!call.requestStream || !requests) return call;
  return call.with({ request: mapStream(call.request, { value: noteIn(requests) }) });
}

function withResponses(reply: Reply, entry: Entry): Reply {
  if (!reply.responseStream) {
    entry.response = reply.response;
    return reply;
  }
  return { ...reply, response: mapStream(reply.response, { value: noteIn(entry.responses ?? []) }) };
}

function noteIn(list: object[]): (message: object) => object {
  return (message) => {
    list.push(message);
    return message;
  };
}

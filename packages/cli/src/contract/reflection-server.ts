import {
  Code,
  RpcError,
  ServerReflection,
  ServerReflectionV1Alpha,
  type ClientOf,
  type ServerReflectionRequestInit,
  type ServerReflectionResponse,
  type ServiceContract,
} from "@rollcall/core";
import { ExitCode, ExitError } from "../exit-code.js";

/** Something that answers grpc.reflection: one answer to each request, in their order. */
export interface ReflectionServer extends AsyncDisposable {
  /** For messages. */
  readonly description: string;
  ask(requests: readonly ServerReflectionRequestInit[]): Promise<readonly ServerReflectionResponse[]>;
}

export interface ReflectionServerOptions {
  /** The service whose instances are asked; reflection has none of its own. */
  readonly service: string;
  /** Who they are, for messages: `shop.v1.Orders`, `10.0.0.1:8080`. */
  readonly target: string;
  /** Makes a client of a contract, for that target. */
  connect<S>(contract: ServiceContract<S>): ClientOf<S> & AsyncDisposable;
  /** For each round of questions, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The reflection of a service's instances, v1 or else v1alpha.
 * Asking fails with an ExitError when there is none, or no instance answers.
 */
export function reflectionServer(options: ReflectionServerOptions): ReflectionServer {
  const { service, target, timeoutMs, signal } = options;
  // Under the name of the service: its instances are found, and prove who they are, by that.
  const contracts = [ServerReflection, ServerReflectionV1Alpha].map((each) => ({ ...each, name: service }));
  let version = 0;
  let client: (ClientOf<ServerReflection> & AsyncDisposable) | undefined;
  const close = async (): Promise<void> => {
    await client?.[Symbol.asyncDispose]();
    client = undefined;
  };
  return {
    description: `server reflection of ${target}`,
    async ask(requests) {
      for (;;) {
        const contract = contracts[version];
        if (!contract) throw noReflection(target);
        client ??= options.connect(contract);
        try {
          const answers = client.serverReflectionInfo(each(requests), { timeoutMs, signal });
          return await firstOf(requests.length, answers);
        } catch (error) {
          if (!RpcError.is(error)) throw error;
          if (error.code !== Code.Unimplemented) throw unanswered(target, error);
          await close();
          version++;
        }
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

/** No more than were asked for, whatever the server sends. */
async function firstOf<T>(count: number, stream: AsyncIterable<T>): Promise<readonly T[]> {
  const first: T[] = [];
  for await (const each of stream) {
    first.push(each);
    if (first.length === count) break;
  }
  return first;
}

async function* each<T>(requests: readonly T[]): AsyncIterable<T> {
  yield* requests;
}

function noReflection(target: string): ExitError {
  return new ExitError(
    ExitCode.failed,
    `${target} has no server reflection; start it with ROLLCALL_REFLECTION=true (createApp({ reflection: true })), or give its contract with --proto or --contract`,
  );
}

function unanswered(target: string, cause: RpcError): ExitError {
  return new ExitError(ExitCode.failed, `${target} did not say what its contract is: ${cause.message}`, {
    cause,
  });
}

import {
  isRequestStream,
  isResponseStream,
  Metadata,
  RpcError,
  type CallOptions,
  type Endpoint,
  type Interceptor,
} from "@rollcall/core";
import type { CliEnv } from "../cli-env.js";
import type { DescribedMethod, DescribedService } from "../contract/contract-source.js";
import { ExitCode, ExitError } from "../exit-code.js";
import { printable, printableLines, toJson } from "../output/printable.js";
import type { Report } from "../output/report.js";
import type { Terminal } from "../terminal.js";
import type { Destination } from "./destination.js";
import { failedCall, failureText, instanceText } from "./failed-call.js";
import { headerLines } from "./headers.js";
import { manyRequests, oneRequest } from "./requests.js";

export interface CallRun {
  readonly service: DescribedService;
  readonly method: DescribedMethod;
  /** As the user wrote it. */
  readonly request: string | undefined;
  readonly metadata: Metadata;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly verbose: boolean;
  /** Whether fields that have their default are shown. */
  readonly defaults: boolean;
}

type Invoke = (request: unknown, options: CallOptions) => Promise<object> | AsyncIterable<object>;

/**
 * Makes the call and shows its responses as they come.
 * @throws ExitError when it fails, with its code, details and the instance
 * @throws ConfigError for a request that is none
 */
export async function runCall(
  run: CallRun,
  destination: Destination,
  { report, terminal, env }: { readonly report: Report; readonly terminal: Terminal; readonly env: CliEnv },
): Promise<void> {
  const { service, method, verbose, signal } = run;
  let attempts: readonly Endpoint[] = [];
  const watched: Interceptor = (next) => (call) => {
    ({ attempts } = call);
    return next(call);
  };
  const tell = (line: string): void => (verbose ? terminal.err(printable(line)) : undefined);
  const tellAll = (kind: string, metadata: Metadata): void => {
    for (const line of headerLines(metadata)) tell(`${kind} ${line}`);
  };
  let messages = 0;
  const show = (message: object): void => {
    messages++;
    const json = method.response.toJson(message, { defaults: run.defaults });
    report.out(report.json ? toJson(json) : printableLines(JSON.stringify(json, undefined, 2)));
  };
  const options: CallOptions = {
    timeoutMs: run.timeoutMs,
    signal,
    metadata: run.metadata,
    onHeader: (header) => tellAll("header", header),
    onTrailer: (trailer) => tellAll("trailer", trailer),
  };
  const { requests, fault } = isRequestStream(method.contract)
    ? guarded(manyRequests(method, run.request, env))
    : { requests: await oneRequest(method, run.request, env), fault: () => undefined };
  const startedAt = env.clock.now();
  await using client = destination.connect(service.contract, [watched]);
  try {
    const answer = (client as Record<string, Invoke>)[method.key]!(requests, options);
    if (isResponseStream(method.contract))
      for await (const each of answer as AsyncIterable<object>) show(each);
    else show(await (answer as Promise<object>));
  } catch (error) {
    // What is wrong in the requests ends the call with an error that says less.
    if (fault()) throw fault();
    if (!RpcError.is(error)) throw error;
    throw failure(error);
  } finally {
    const instance = attempts.at(-1)?.instance;
    if (instance) tell(`instance ${instanceText(instance)}`);
    tell(
      `${messages === 1 ? "1 message" : `${messages} messages`} in ${Math.round(env.clock.now() - startedAt)} ms`,
    );
  }

  function failure(error: RpcError): ExitError {
    const failed = failedCall(error, `${service.name}/${method.name}`, service, attempts.at(-1)?.instance);
    if (!report.json) return new ExitError(ExitCode.failed, failureText(failed), { cause: error });
    terminal.err(toJson(failed));
    return new ExitError(ExitCode.failed, "", { cause: error });
  }
}

/** A stream that keeps what it failed with. */
function guarded<T>(stream: AsyncIterable<T>): {
  readonly requests: AsyncIterable<T>;
  fault(): Error | undefined;
} {
  let fault: Error | undefined;
  return {
    fault: () => fault,
    requests: (async function* () {
      try {
        yield* stream;
      } catch (error) {
        fault = error as Error;
        throw error;
      }
    })(),
  };
}

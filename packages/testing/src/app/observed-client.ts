import {
  methodName,
  RpcError,
  type ClientOf,
  type MethodContract,
  type ServiceContract,
} from "@rollcall/core";
import { setOrigin, type Origin } from "./origin.js";

type Answer = Promise<object> | AsyncIterable<object>;
type AnyClient = Readonly<Record<string, (...args: readonly unknown[]) => Answer>>;

/** Told that somebody waits for an answer; what it returns is called when they have it. */
export type Waiting = (method: string) => () => void;

/**
 * A client as a test has it: what it rejects with carries the seed, and a promise that rejects before somebody awaits it
 * does not end the process. A test makes a call, moves the clock on, and only then looks at what has become of the call.
 */
export function observedClient<S>(
  contract: ServiceContract<S>,
  client: ClientOf<S>,
  seed: number,
  waiting: Waiting,
): ClientOf<S> {
  const methods = client as unknown as AnyClient;
  const observed: Record<string, (...args: readonly unknown[]) => Answer> = {};
  for (const [name, contractOfMethod] of Object.entries<MethodContract>(contract.methods)) {
    const origin: Origin = { seed, method: methodName(contractOfMethod) };
    const watch = <T>(answer: Promise<T>): Promise<T> => watched(answer, origin, waiting);
    observed[name] = (...args) => {
      const answer = methods[name]!(...args);
      return answer instanceof Promise ? watch(answer) : watchedStream(answer, watch);
    };
  }
  return observed as unknown as ClientOf<S>;
}

function watched<T>(answer: Promise<T>, origin: Origin, waiting: Waiting): Promise<T> {
  const done = waiting(origin.method ?? "");
  const promise = answer.catch((error: unknown) => {
    throw tell(error, origin);
  });
  promise.catch(() => {}).finally(done);
  return setOrigin(promise, origin);
}

function watchedStream(
  stream: AsyncIterable<object>,
  watch: <T>(answer: Promise<T>) => Promise<T>,
): AsyncIterable<object> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = stream[Symbol.asyncIterator]();
      return {
        next: () => watch(iterator.next()),
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}

/** Runners print the own properties of an error: so a test that fails shows its seed, whatever the runner. */
function tell(error: unknown, origin: Origin): unknown {
  if (!(error instanceof RpcError) || Object.hasOwn(error, "seed")) return error;
  Object.defineProperty(error, "seed", { value: origin.seed, enumerable: true });
  return setOrigin(error, origin);
}

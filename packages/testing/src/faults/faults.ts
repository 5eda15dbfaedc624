import {
  methodName,
  RpcError,
  type Call,
  type Clock,
  type Handler,
  type Interceptor,
  type Reply,
  type Transport,
} from "@rollcall/core";
import { concerns, type FaultRule } from "./rule.js";

/** Which attempts go wrong, and what rules need for that. */
export interface FaultOptions {
  readonly rules: readonly FaultRule[];
  readonly clock: Clock;
  /** From 0 up to 1; for rules with a probability. */
  readonly random: () => number;
  /** What `crash` does to an instance. Without it such a rule is an error. */
  readonly crash?: ((instance: string) => void) | undefined;
  /** What `freeze` does to an instance. Without it such a rule is an error. */
  readonly freeze?: ((instance: string, ms: number) => void) | undefined;
  /** Told of each attempt that goes wrong. */
  readonly onFault?: ((rule: FaultRule, call: Call, instance: string | undefined) => void) | undefined;
}

/** Faults by rule. An attempt that several rules choose suffers the first. */
export interface Faults {
  /**
   * On the callers' side, below retry: every attempt of a call is one. Knows the instance.
   */
  transport(inner: Transport): Transport;
  /** On the servers' side, as `testApp({ interceptors: [faults.interceptor] })`. Rules that name an instance do not match there. */
  readonly interceptor: Interceptor;
  /** How many attempts went wrong. */
  readonly count: number;
}

/** Makes attempts go wrong as the rules say; the same seed chooses the same ones. */
export function createFaults(options: FaultOptions): Faults {
  const { rules, random } = options;
  const seen = rules.map(() => 0);
  let count = 0;

  const choose = (call: Call, instance: string | undefined): FaultRule | undefined => {
    let chosen: FaultRule | undefined;
    rules.forEach((rule, at) => {
      if (!concerns(rule, call, instance)) return;
      const n = (seen[at] = (seen[at] ?? 0) + 1);
      const { nth, probability = 1 } = rule;
      if (nth !== undefined && !(typeof nth === "number" ? nth === n : nth.includes(n))) return;
      // Drawn whether it is used or not, so that one rule does not shift another's chances.
      if (random() >= probability) return;
      chosen ??= rule;
    });
    return chosen;
  };
  const through = async (call: Call, next: Handler, instance?: string): Promise<Reply> => {
    const rule = choose(call, instance);
    if (!rule) return next(call);
    count++;
    options.onFault?.(rule, call, instance);
    return suffer(rule, call, next, instance, options);
  };
  return {
    get count() {
      return count;
    },
    interceptor: (next) => (call) => through(call, next),
    transport: (inner) => ({
      connect(instance, held) {
        const connection = inner.connect(instance, held);
        return {
          call: (call) => through(call, connection.call, instance.id),
          get state() {
            return connection.state;
          },
          onChange: (listener) => connection.onChange(listener),
          abort: (reason) => connection.abort?.(reason),
          close: (graceMs) => connection.close(graceMs),
        };
      },
    }),
  };
}

async function suffer(
  rule: FaultRule,
  call: Call,
  next: Handler,
  instance: string | undefined,
  options: FaultOptions,
): Promise<Reply> {
  const { clock } = options;
  switch (rule.do) {
    case "delay":
      await untilOver(call, (over) => clock.timer(rule.ms, over));
      return next(call);
    case "fail":
      throw new RpcError(rule.code, rule.reason ?? "fault", {
        path: methodName(call.method),
        origin: instance === undefined ? "local" : "remote",
      });
    case "hang":
      return untilCancelled(call);
    case "dropResponse":
      await next(call);
      return untilCancelled(call);
    case "halfOpen":
      return stalled(await next(call), call, rule.afterMessages ?? 0);
    default:
      return strike(rule, instance, next(call), options);
  }
}

/** The process is struck when the attempt is on its way to it. */
function strike(
  rule: Extract<FaultRule, { do: "crash" | "freeze" }>,
  instance: string | undefined,
  reply: Promise<Reply>,
  { crash, freeze }: FaultOptions,
): Promise<Reply> {
  if (instance === undefined || !crash || !freeze)
    throw new TypeError(`a rule that says "${rule.do}" needs a simulation`);
  if (rule.do === "crash") crash(instance);
  else freeze(instance, rule.ms);
  return reply;
}

/** Waits for `begin` to say that it is over; rejects when the call ends first. */
function untilOver(call: Call, begin: (over: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = begin(() => {
      uncancel();
      resolve();
    });
    const uncancel = call.onCancel((reason) => {
      stop();
      reject(reason);
    });
  });
}

async function untilCancelled(call: Call): Promise<never> {
  await untilOver(call, () => () => {});
  throw new TypeError("a call went on that was to hang");
}

function stalled(reply: Reply, call: Call, afterMessages: number): Reply {
  if (!reply.responseStream) return reply;
  const source = reply.response;
  return {
    ...reply,
    response: {
      [Symbol.asyncIterator]() {
        const iterator = source[Symbol.asyncIterator]();
        let left = afterMessages;
        return {
          next: () => (left-- > 0 ? iterator.next() : untilCancelled(call)),
          async return() {
            await iterator.return?.();
            return { done: true, value: undefined };
          },
        };
      },
    },
  };
}

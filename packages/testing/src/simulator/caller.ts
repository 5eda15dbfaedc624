import {
  createApp,
  type App,
  type ClientOf,
  type ClientOptions,
  type Clock,
  type Interceptor,
  type RolloutPolicy,
  type ServiceInstance,
  type ServiceContract,
} from "@rollcall/app";
import { RoutingWatch } from "./canary/routing-watch.js";
import { ProcessClock } from "../clock/process-clock.js";
import { receiptInterceptor } from "../fleet/receipt-interceptor.js";
import { keepStream, recordedLoop } from "../fleet/recorded-loop.js";
import type { ReceiptRecorder } from "../fleet/receipt-recorder.js";
import { memoryTransport } from "../network/connection.js";
import { memoryServerTransport } from "../network/listener.js";
import { CallerRecorder } from "./caller-recorder.js";
import { apart, type Environment } from "./environment.js";
import { callIdHeader } from "./ledger.js";
import { firstOf, observedTransport, type View } from "./observed-transport.js";
import { ProcessWire } from "./process-wire.js";
import type { SimBackend } from "./registry/sim-backend.js";
import type { ProcessInfo } from "./seams.js";

/** A simulated caller, as a workload uses it. */
export interface Caller extends ProcessInfo {
  client<S>(contract: ServiceContract<S>, options?: ClientOptions): ClientOf<S>;
}

/** What one caller does until the simulation ends. */
export interface Workload {
  /** Calls are due at exact intervals, however slow the answers are. */
  readonly ratePerSecond: number;
  /** Makes call `n`, counted from 0. */
  call(n: number): Promise<unknown>;
  /** Server streams that are kept open; each is opened anew when it breaks. The signal ends them. */
  readonly streams?: readonly ((signal: AbortSignal) => AsyncIterable<unknown>)[] | undefined;
}

/** One process that calls: a real app without services, and its workload. */
export class CallerProcess implements Caller {
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly view: View;
  readonly recorders: CallerRecorder[] = [];
  /** The services it calls. */
  readonly services: Set<string> = new Set<string>();
  readonly #env: Environment;
  readonly #app: App;
  readonly #backend: SimBackend;
  readonly #shared: ReceiptRecorder;
  readonly #timeoutMs: number;
  readonly #end = new AbortController();
  #work: Promise<unknown> = Promise.resolve();

  constructor(env: Environment, shared: ReceiptRecorder, index: number, timeoutMs: number) {
    this.name = `caller-${index + 1}`;
    this.clock = new ProcessClock(env.clock);
    this.random = env.random.fork(this.name);
    this.#env = env;
    this.#shared = shared;
    this.#timeoutMs = timeoutMs;
    const { seams, registry, network, ledger, clock } = env;
    const wire = new ProcessWire(network, this.clock, this.random);
    this.#backend = registry.backend(this);
    const transport = env.faults.transport(memoryTransport(wire));
    const violated = (text: string): void => env.violated(`${this.name}: ${text}`);
    const routing = new RoutingWatch({
      now: () => clock.now(),
      watched: (service) => this.#backend.feeds.watched(service),
      isReady: (instance) => isReady(this.view, instance, clock.now()),
      wipes: () => registry.policies.wipes,
      violated,
    });
    const observed = observedTransport(
      seams.transport?.(transport, this) ?? transport,
      ledger,
      () => clock.now(),
      violated,
      (call, instance) => routing.attempt(call, instance),
    );
    this.view = observed;
    env.views.push(observed);
    this.#app = createApp({
      ...apart,
      lane: false,
      name: this.name,
      host: `10.1.0.${index + 1}`,
      timeoutMs,
      clock: this.clock,
      random: this.random,
      registry: seams.backend?.(this.#backend, this) ?? this.#backend,
      transport: observed,
      serverTransport: memoryServerTransport(wire, { host: `10.1.0.${index + 1}` }),
      clientInterceptors: [
        receiptInterceptor,
        numbered(this.name),
        routing.interceptor,
        ...(seams.clientInterceptors?.(this) ?? []),
      ],
    });
  }

  /** The policy that it has been told of last. */
  readonly known = (service: string): RolloutPolicy | undefined =>
    this.#backend.feeds.watched(service)?.view?.policy;

  client<S>(contract: ServiceContract<S>, options?: ClientOptions): ClientOf<S> {
    this.services.add(contract.name);
    return this.#app.client(contract, options);
  }

  start(): Promise<void> {
    return this.#app.start();
  }

  /** Begins the workload; its calls end with `finish`. */
  work({ ratePerSecond, call, streams = [] }: Workload): void {
    const { clock } = this;
    const { signal } = this.#end;
    const loop = recordedLoop({ ratePerSecond, call, clock, signal, recorder: this.#recorder("") });
    const open = streams.map((each, n) => {
      const recorder = this.#recorder(streams.length > 1 ? ` stream ${n + 1}` : "");
      return keepStream({ recorder, signal, clock, open: (_, until) => each(until) });
    });
    this.#streams.push(...this.recorders.slice(1));
    this.#work = Promise.all([loop, ...open]);
  }

  /** Streams that are kept open. */
  get streams(): readonly CallerRecorder[] {
    return this.#streams;
  }

  /** Resolves when its last call has ended and its app has stopped. */
  async finish(): Promise<void> {
    this.#end.abort();
    await this.#work;
    await this.#app.stop();
    await this.#backend[Symbol.asyncDispose]();
  }

  readonly #streams: CallerRecorder[] = [];

  #recorder(suffix: string): CallerRecorder {
    const recorder = new CallerRecorder(
      this.name + suffix,
      this.#shared,
      this.clock,
      this.#env.log,
      this.#timeoutMs,
    );
    this.recorders.push(recorder);
    return recorder;
  }
}

/** Well before a caller looks whether an instance hangs. */
const silenceMs = 400;

function isReady(view: View, instance: ServiceInstance, nowMs: number): boolean {
  const first = firstOf(view, instance);
  if (!first) return false;
  const { connection, acknowledged, greetedMs, silentMs } = first;
  return connection.state === "ready" && !acknowledged && greetedMs < nowMs && nowMs - silentMs < silenceMs;
}

/** Gives each call an id by which the servers tell whether they have run it before. */
function numbered(caller: string): Interceptor {
  let n = 0;
  return (next) => (call) => {
    const metadata = call.metadata.clone();
    metadata.set(callIdHeader, `${caller}/${n++}`);
    return next(call.with({ metadata }));
  };
}

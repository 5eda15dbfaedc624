import { inspect } from "node:util";
import { createApp, memoryRegistry, type App, type AppOptions, type Container } from "@rollcall/app";
import {
  ConfigError,
  contractOf,
  systemClock,
  type ClientOf,
  type ClientOptions,
  type Clock,
  type ServiceContract,
} from "@rollcall/core";
import { FakeClock } from "../clock/fake-clock.js";
import { memoryTransport } from "../network/connection.js";
import { memoryServerTransport } from "../network/listener.js";
import { MemoryNetwork } from "../network/network.js";
import { failAbsent, withAbsent } from "./absent-services.js";
import { CallRecorder } from "./call-recorder.js";
import { shortName, type Fake, type Fakes } from "./fakes.js";
import { observedClient, type Waiting } from "./observed-client.js";
import type { Overrides } from "./overrides.js";
import type { CallLogs } from "./recorded-call.js";
import { followTest, type RunningTest } from "./running-test.js";
import { chooseSeed, seededRandom } from "./seed.js";
import { stallWarning } from "./stall-warning.js";
import { throughTime } from "./through-time.js";

type Given = "registry" | "host" | "port" | "advertise" | "transport" | "serverTransport" | "env" | "random";

/** As `createApp` takes them, without what the test app brings itself. */
export interface TestAppOptions extends Omit<Partial<AppOptions>, Given | "clock"> {
  /** Binds last, over what `bind` and the classes themselves have bound. */
  readonly overrides?: ((container: Container) => void) | undefined;
  /** `"fake"`: stands still but for `app.advance(ms)`; `"real"`: the machine's; or one of your own. Default `"fake"`. */
  readonly clock?: "fake" | "real" | Clock | undefined;
  /** Of all randomness. Default: `ROLLCALL_TEST_SEED`, else a new one for each app. */
  readonly seed?: number | undefined;
  /** One way, in milliseconds of the clock. Default 0: calls need no time at all. */
  readonly latencyMs?: number | undefined;
  /** vitest's or node:test's context. The app stops when the test is over, and the seed is printed when it fails. */
  readonly test?: RunningTest | undefined;
}

/** An app under test, started. Disposing of it ends everything at once, calls in flight too. */
export interface TestApp extends AsyncDisposable {
  /** `testApp({ seed })` with it does the same again. */
  readonly seed: number;
  readonly clock: Clock;
  /** The app under test itself. */
  readonly app: App;
  readonly network: MemoryNetwork;
  /** A client outside of the app: for its services and for fakes. A promise of it that rejects may be awaited late. */
  client<S>(contract: ServiceContract<S>, options?: ClientOptions): ClientOf<S>;
  /**
   * The calls that a served or faked service got, by method.
   * @throws ConfigError for a service that is neither
   */
  calls<S>(contract: ServiceContract<S>): CallLogs<S>;
  /** Replaces methods of a fake, from the next call on. @throws ConfigError when the contract was not faked before */
  fake<S>(contract: ServiceContract<S>, fake: Fake<NoInfer<S>>): void;
  /** Moves the fake clock on, firing what falls due on the way, each after all that the one before it set in motion. */
  advance(ms: number): Promise<void>;
  /** Begins to stop, as SIGTERM does, with the clock in your hands; resolves when the app has stopped. */
  drain(): Promise<void>;
  /** Stops the app as a deploy does: calls in flight may end. On the fake clock all the time that takes passes at once. */
  stop(): Promise<void>;
}

/** Starts the app under test beside another one, which serves the fakes and makes the test's calls. */
export async function startTestApp(
  options: TestAppOptions,
  fakes: Fakes,
  overrides: Overrides,
): Promise<TestApp> {
  const {
    clock: chosen = "fake",
    overrides: overriding,
    seed: given,
    latencyMs,
    test,
    ...appOptions
  } = options;
  const seed = chooseSeed(given);
  const random = seededRandom(seed);
  const clock = clockOf(chosen);
  const network = new MemoryNetwork({ clock, random, latencyMs, revealCauses: true });
  const own = new Set((options.services ?? []).map((type) => contractOf(type)?.name));
  for (const name of fakes.names) {
    if (own.has(name)) throw new ConfigError(`${name} is both served and faked: leave one of them out`);
  }
  const isPresent = (service: string): boolean => own.has(service) || fakes.names.includes(service);
  const registry = withAbsent(memoryRegistry(), isPresent, () => world.address);
  const recorder = new CallRecorder(clock, seed);
  const shared = { registry, clock, random, env: {}, host: "127.0.0.1", transport: memoryTransport(network) };
  const world = createApp({
    ...shared,
    name: "test",
    logLevel: "silent",
    services: fakes.services(),
    interceptors: [recorder.interceptor],
    clientInterceptors: [failAbsent(isPresent)],
    serverTransport: memoryServerTransport(network),
  });
  const app = createApp({
    name: "app",
    logLevel: "silent",
    ...appOptions,
    ...shared,
    interceptors: [recorder.interceptor, ...(options.interceptors ?? [])],
    clientInterceptors: [...(options.clientInterceptors ?? []), failAbsent(isPresent)],
    serverTransport: memoryServerTransport(network),
    bind(container) {
      options.bind?.(container);
      overrides.apply(container);
      overriding?.(container);
    },
  });
  const stall = clock instanceof FakeClock ? stallWarning(clock) : undefined;
  const end = async (): Promise<void> => {
    stall?.stop();
    try {
      await throughTime(clock, Promise.all([world.force(), app.force()]));
    } finally {
      await registry[Symbol.asyncDispose]();
    }
  };
  try {
    await world.start();
    await app.start();
  } catch (error) {
    await end().catch(() => {});
    throw error;
  }
  const started = new StartedApp({ seed, clock, app, network, world, fakes, recorder, isPresent, end });
  if (stall) started.waiting = stall.waiting;
  const note = `test app ${app.name}: seed ${seed}; testApp({ seed: ${seed} }) or ROLLCALL_TEST_SEED=${seed} repeats it`;
  if (test) followTest(test, note, end);
  return started;
}

interface Parts {
  readonly seed: number;
  readonly clock: Clock;
  readonly app: App;
  readonly network: MemoryNetwork;
  /** Serves the fakes, and calls. */
  readonly world: App;
  readonly fakes: Fakes;
  readonly recorder: CallRecorder;
  isPresent(service: string): boolean;
  end(): Promise<void>;
}

class StartedApp implements TestApp {
  readonly seed: number;
  readonly clock: Clock;
  readonly app: App;
  readonly network: MemoryNetwork;
  waiting: Waiting = () => () => {};
  readonly #parts: Parts;
  #ended: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.seed = parts.seed;
    this.clock = parts.clock;
    this.app = parts.app;
    this.network = parts.network;
    this.#parts = parts;
  }

  client<S>(contract: ServiceContract<S>, options?: ClientOptions): ClientOf<S> {
    const client = this.#parts.world.client(contract, options);
    return observedClient(contract, client, this.seed, this.waiting);
  }

  calls<S>(contract: ServiceContract<S>): CallLogs<S> {
    if (this.#parts.isPresent(contract.name)) return this.#parts.recorder.logs(contract);
    throw new ConfigError(
      `calls(${shortName(contract.name)}): ${contract.name} is neither served nor faked, so it cannot be called`,
    );
  }

  fake<S>(contract: ServiceContract<S>, fake: Fake<NoInfer<S>>): void {
    if (!this.#parts.fakes.has(contract))
      throw new ConfigError(
        `${contract.name} was not faked when the test app started: add .fake(...) before its await`,
      );
    this.#parts.fakes.add(contract, fake);
  }

  async advance(ms: number): Promise<void> {
    if (!(this.clock instanceof FakeClock))
      throw new ConfigError(
        'advance: this test app has no fake clock; leave out the option clock, or say "fake"',
      );
    await this.clock.advance(ms);
  }

  drain(): Promise<void> {
    return this.app.stop();
  }

  stop(): Promise<void> {
    return throughTime(this.clock, this.app.stop());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#ended ??= this.#parts.end());
  }

  [inspect.custom](): string {
    const { seed, app } = this;
    return `TestApp ${inspect({ name: app.name, seed, nowMs: this.clock.now(), calls: this.#parts.recorder.counts() })}`;
  }
}

function clockOf(chosen: "fake" | "real" | Clock): Clock {
  if (chosen === "fake") return new FakeClock();
  return chosen === "real" ? systemClock : chosen;
}

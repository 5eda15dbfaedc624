import { inspect } from "node:util";
import type { App } from "@rollcall/app";
import {
  ConfigError,
  type ClientOf,
  type ClientOptions,
  type Clock,
  type ServiceContract,
} from "@rollcall/core";
import { FakeClock } from "../clock/fake-clock.js";
import type { MemoryNetwork } from "../network/network.js";
import type { CallRecorder } from "./call-recorder.js";
import { shortName, type Fake, type Fakes } from "./fakes.js";
import { observedClient, type Waiting } from "./observed-client.js";
import type { CallLogs } from "./recorded-call.js";
import { throughTime } from "./through-time.js";

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

/** What a test app is made of. */
export interface TestAppParts {
  readonly seed: number;
  readonly clock: Clock;
  readonly app: App;
  readonly network: MemoryNetwork;
  /** Serves the fakes, and calls. */
  readonly world: App;
  readonly fakes: Fakes;
  readonly recorder: CallRecorder;
  readonly waiting: Waiting;
  isPresent(service: string): boolean;
  /** Once: later calls return the same promise. */
  end(): Promise<void>;
}

/** A test app whose parts are running. */
export function startedApp(parts: TestAppParts): TestApp {
  return new StartedApp(parts);
}

class StartedApp implements TestApp {
  readonly seed: number;
  readonly clock: Clock;
  readonly app: App;
  readonly network: MemoryNetwork;
  readonly #parts: TestAppParts;

  constructor(parts: TestAppParts) {
    this.seed = parts.seed;
    this.clock = parts.clock;
    this.app = parts.app;
    this.network = parts.network;
    this.#parts = parts;
  }

  client<S>(contract: ServiceContract<S>, options?: ClientOptions): ClientOf<S> {
    const client = this.#parts.world.client(contract, options);
    return observedClient(contract, client, this.seed, this.#parts.waiting);
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
    return this.#parts.end();
  }

  [inspect.custom](): string {
    const { seed, app } = this;
    return `TestApp ${inspect({ name: app.name, seed, nowMs: this.clock.now(), calls: this.#parts.recorder.counts() })}`;
  }
}

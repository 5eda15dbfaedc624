import { createApp, memoryRegistry, type AppOptions, type Container } from "@rollcall/app";
import { ConfigError, contractOf, systemClock, type Clock } from "@rollcall/core";
import { FakeClock } from "../clock/fake-clock.js";
import { memoryTransport } from "../network/connection.js";
import { memoryServerTransport } from "../network/listener.js";
import { MemoryNetwork } from "../network/network.js";
import { failAbsent, withAbsent } from "./absent-services.js";
import { CallRecorder } from "./call-recorder.js";
import type { Fakes } from "./fakes.js";
import type { Overrides } from "./overrides.js";
import { followTest, type RunningTest } from "./running-test.js";
import { chooseSeed, seededRandom } from "./seed.js";
import { stallWarning } from "./stall-warning.js";
import { startedApp, type TestApp } from "./started-app.js";
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
  const transport = memoryTransport(network);
  // Faults are by call, and on a lane many are one stream.
  const shared = { registry, clock, random, env: {}, host: "127.0.0.1", transport, lane: false };
  const world = createApp({
    ...shared,
    name: "test",
    logLevel: "silent",
    hangTimeoutMs: 0,
    services: fakes.services(),
    // Fakes see all that the app sends.
    edge: false,
    // A test may make as many calls that fail as it likes.
    breaker: false,
    interceptors: [recorder.interceptor],
    clientInterceptors: [failAbsent(isPresent)],
    serverTransport: memoryServerTransport(network),
  });
  const app = createApp({
    name: "app",
    logLevel: "silent",
    // Handlers that wait for a test's clock hang by intent.
    hangTimeoutMs: 0,
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
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => (ended ??= endAll());
  const endAll = async (): Promise<void> => {
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
  const waiting = stall?.waiting ?? (() => () => {});
  const parts = { seed, clock, app, network, world, fakes, recorder, waiting, isPresent, end };
  const note = `test app "${app.name}": seed ${seed}; testApp({ seed: ${seed} }) or ROLLCALL_TEST_SEED=${seed} repeats it`;
  if (test) followTest(test, note, end);
  return startedApp(parts);
}

function clockOf(chosen: "fake" | "real" | Clock): Clock {
  if (chosen === "fake") return new FakeClock();
  return chosen === "real" ? systemClock : chosen;
}

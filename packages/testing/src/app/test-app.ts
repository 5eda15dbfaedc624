import { ConfigError, type ServiceContract } from "@rollcall/core";
import { Fakes, type Fake } from "./fakes.js";
import { Overrides, type Injected } from "./overrides.js";
import { startTestApp, type TestAppOptions } from "./start-test-app.js";
import type { TestApp } from "./started-app.js";

/**
 * A test app to be: add fakes, then `await` it. Awaiting starts it, once; until then nothing runs.
 */
export interface TestAppBuilder extends PromiseLike<TestApp> {
  /**
   * Stands in for a service that the app calls. The fake is served as a real service would be: over the wire, with
   * deadlines, errors and retries. A method that it lacks fails by name when it is called.
   * @throws ConfigError for a method that the contract does not have
   */
  fake<S>(contract: ServiceContract<S>, fake: Fake<NoInfer<S>>): TestAppBuilder;
  /** Injects `value` where services ask for the class. A method that it lacks fails by name when it is called. */
  override<T extends object>(type: Injected<T>, value: Partial<NoInfer<T>>): TestAppBuilder;
}

/**
 * The services of an app, its whole pipeline and lifecycle, in this process: no port, no registry to reach, a clock that
 * stands still until `app.advance(ms)`, and randomness out of one seed. No `ROLLCALL_*` variable reaches it.
 *
 * ```ts
 * await using app = await testApp({ services: [OrdersService] }).fake(Billing, { charge: async () => ({ ok: true }) });
 * await app.client(Orders).get({ id: "1" });
 * ```
 * @throws ConfigError when awaited, as `createApp` does
 */
export function testApp(options: TestAppOptions = {}): TestAppBuilder {
  const fakes = new Fakes();
  const overrides = new Overrides();
  let started: Promise<TestApp> | undefined;
  const open = (): void => {
    if (started)
      throw new ConfigError("the test app has started: add fakes and overrides before it is awaited");
  };
  const builder: TestAppBuilder = {
    fake(contract, fake) {
      open();
      fakes.add(contract, fake);
      return builder;
    },
    override(type, value) {
      open();
      overrides.add(type, value);
      return builder;
    },
    // oxlint-disable-next-line unicorn/no-thenable -- fakes are added between the call and its await
    then(resolved, rejected) {
      started ??= startTestApp(options, fakes, overrides);
      return started.then(resolved, rejected);
    },
  };
  return builder;
}

import type { FakeClock } from "../clock/fake-clock.js";
import type { Waiting } from "./observed-client.js";

/** Of the machine's time: nothing in one process takes this long, unless it waits for a clock that stands still. */
const patienceMs = 1_000;

/** Says once, on standard error, that a test waits for a call while the call waits for the test's clock. */
export function stallWarning(clock: FakeClock): { readonly waiting: Waiting; stop(): void } {
  const pending = new Set<{ readonly method: string }>();
  let timer: NodeJS.Timeout | undefined;
  let told = false;
  const arm = (): void => {
    const armedAtMs = clock.now();
    clearTimeout(timer);
    timer = setTimeout(() => look(armedAtMs), patienceMs).unref();
  };
  const look = (armedAtMs: number): void => {
    const [oldest] = pending;
    const nextInMs = clock.nextInMs;
    if (!oldest || told) return;
    if (nextInMs === undefined || clock.now() !== armedAtMs) return arm();
    told = true;
    process.emitWarning(
      `${oldest.method} has had no answer for ${patienceMs} ms, and the test's clock stands still: ` +
        `the next timer is due in ${nextInMs} ms of it; move it on with app.advance(${nextInMs})`,
      "RollcallTestWarning",
    );
  };
  return {
    waiting(method) {
      const wait = { method };
      pending.add(wait);
      if (!told) arm();
      return () => {
        pending.delete(wait);
        if (pending.size === 0) clearTimeout(timer);
      };
    },
    stop() {
      told = true;
      clearTimeout(timer);
    },
  };
}

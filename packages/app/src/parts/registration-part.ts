import {
  boundedSignal,
  unlessAborted,
  type Clock,
  type Lifecycle,
  type Registration,
  type RegistryBackend,
  type ServiceInstance,
} from "@rollcall/core";
import type { Logger } from "pino";
import type { ServerPart } from "./server-part.js";

interface RegistrationPartEnv {
  readonly backend: RegistryBackend;
  readonly server: ServerPart;
  /** What to register, once the server's port is known. */
  instances(): readonly ServiceInstance[];
  readonly propagationDelayMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A registry that hangs must not eat the grace period: this much for all, and less for saying that we drain. */
const leaveMs = 2_000;
const drainingMs = 1_000;
/** A process that is forced still takes its records with it: what is left of its second covers a healthy registry. */
const forcedLeaveMs = 500;

/**
 * The app's place in the registry: there when it can serve, gone before it stops. Stopping tells the connected callers
 * and, at the same time, marks the records draining and deletes them. Only when somebody is connected who has not
 * acknowledged does it then wait until callers have had the time to learn of it from the registry.
 */
export function registrationPart(env: RegistrationPartEnv): Lifecycle {
  const { backend, server, clock, logger } = env;
  const end = new AbortController();
  let registration: Registration | undefined;
  let serving = false;
  return {
    name: "registration",
    async start(signal) {
      server.health.set("SERVING");
      serving = true;
      const instances = env.instances();
      if (instances.length === 0) return;
      registration = backend.register(instances, end.signal);
      logger.info({ registry: backend.description, address: instances[0]?.address }, "registering");
      await visible(registration, signal);
      logger.info({ services: instances.map(({ service }) => service) }, "registered");
      void report(registration, end.signal, logger);
    },
    async stop(signal) {
      if (serving) server.health.set("NOT_SERVING");
      if (!registration) return;
      const wasVisible = registration.state.current === "visible";
      const patience = boundedSignal(clock, env.propagationDelayMs, signal);
      const telling = server.tell(patience.signal);
      const leaving = leavingSignal(clock, signal);
      try {
        // Records that nobody sees need no goodbye, and waiting for them would take the time to prevent them.
        if (wasVisible) await markDraining(registration, signal, env);
        await registration.deregister(leaving.signal);
        logger.info("deregistered");
      } catch (error) {
        logger.warn({ err: error }, "could not deregister: the records end with their lease");
      } finally {
        leaving.release();
        end.abort();
      }
      const told = await telling;
      patience.release();
      if (wasVisible && !told && !signal.aborted) {
        await clock.sleep(env.propagationDelayMs, signal).catch(() => {});
      }
    },
  };
}

/** A help to callers, not a condition: the records are deleted next, whether this worked or not. */
async function markDraining(
  registration: Registration,
  signal: AbortSignal,
  { clock, logger }: RegistrationPartEnv,
): Promise<void> {
  const bounded = boundedSignal(clock, drainingMs, signal);
  try {
    await unlessAborted(registration.update({ state: "draining" }), bounded.signal);
  } catch (error) {
    logger.warn({ err: error }, "could not mark the records as draining");
  } finally {
    bounded.release();
  }
}

/** Aborts after `leaveMs`, or `forcedLeaveMs` after `hurry`: a forced stop, or the end of the grace period. */
function leavingSignal(clock: Clock, hurry: AbortSignal): { readonly signal: AbortSignal; release(): void } {
  const over = new AbortController();
  const stops: (() => void)[] = [];
  const endAfter = (ms: number): void => {
    const reason = new DOMException(`not done within ${ms} ms`, "TimeoutError");
    stops.push(clock.timer(ms, () => over.abort(reason)));
  };
  const hurried = (): void => endAfter(forcedLeaveMs);
  endAfter(leaveMs);
  if (hurry.aborted) hurried();
  hurry.addEventListener("abort", hurried, { once: true });
  return {
    signal: over.signal,
    release() {
      hurry.removeEventListener("abort", hurried);
      for (const stop of stops) stop();
    },
  };
}

async function visible(registration: Registration, signal: AbortSignal): Promise<void> {
  let state = registration.state.current;
  while (state !== "visible") state = await registration.state.next(state, signal);
}

/** The registry heals by itself; that it had to is worth a line. */
async function report(registration: Registration, signal: AbortSignal, logger: Logger): Promise<void> {
  let state = registration.state.current;
  while (!signal.aborted) {
    const next = await registration.state.next(state, signal).catch(() => undefined);
    if (next === "lost") logger.warn("registration lost: registering again");
    if (next === "visible" && state !== "visible") logger.info("registered again");
    state = next;
  }
}

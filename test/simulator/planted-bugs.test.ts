import {
  Code,
  RpcError,
  type Call,
  type Interceptor,
  type Listener,
  type Registration,
  type ServerTransport,
  type ServiceInstance,
  type Snapshot,
} from "@rollcall/app";
import { checkSchedules, ScheduleError, type Seams } from "@rollcall/testing/simulator";
import { describe, expect, it } from "vitest";
import { delegate } from "./delegate.js";
import { ordersFleet } from "./orders.js";

/** Leaves the registry only after the process has stopped serving, as far as anybody can see. */
const deregistersAfterShutdown: Seams = {
  backend: (backend, { clock }) => ({
    ...delegate(backend),
    register(all, signal): Registration {
      const registration = backend.register(all, new AbortController().signal);
      return {
        state: registration.state,
        update: async (change) => (change.state === "draining" ? undefined : registration.update(change)),
        async deregister() {
          void clock.sleep(2_000).then(() => registration.deregister(signal));
        },
      };
    },
  }),
};

/** Takes every unavailable call for one that never ran. */
const retriesWhatRan: Interceptor = (next) => async (call) => {
  try {
    return await next(call);
  } catch (error) {
    const again = call.replay();
    if (!again || !(error instanceof RpcError) || error.code !== Code.Unavailable) throw error;
    return next(again);
  }
};

/** Goes on with what it knew before the watch broke. */
function staleAfterReset(before: Snapshot | undefined, read: Snapshot): Snapshot {
  return before ? { ...read, instances: before.instances } : read;
}

/**
 * Knows instances by their id alone, so that what was seen of a process is held for its successor's. Over a link the
 * successor's hello would tell, so the records promise none.
 */
const oneIncarnation: Seams = {
  backend: (backend, process) => {
    if (!process.name.startsWith("caller")) return backend;
    const first = new Map<string, string>();
    const same = (instance: ServiceInstance): ServiceInstance => {
      const incarnation = first.get(instance.id) ?? instance.incarnation;
      first.set(instance.id, incarnation);
      return { ...instance, incarnation, features: [] };
    };
    const views = new WeakMap<Snapshot, Snapshot>();
    const view = (snapshot: Snapshot): Snapshot => {
      const known = views.get(snapshot) ?? { ...snapshot, instances: snapshot.instances.map(same) };
      views.set(snapshot, known);
      return known;
    };
    return {
      ...delegate(backend),
      open(service) {
        const feed = backend.open(service);
        return {
          get current() {
            return feed.current && view(feed.current);
          },
          async next(after, signal) {
            for (let seen: Snapshot | undefined; ;) {
              seen = await feed.next(seen, signal);
              if (view(seen) !== after) return view(seen);
            }
          },
          [Symbol.asyncDispose]: () => feed[Symbol.asyncDispose](),
        };
      },
    };
  },
};

/** Waits for unary calls only, and closes the connections under the streams. */
function forgetsStreams(transport: ServerTransport): ServerTransport {
  return {
    async listen(services, dispatch) {
      const calls = new Set<Call>();
      let idle = (): void => {};
      const counted = async (call: Call): ReturnType<typeof dispatch> => {
        const streaming = call.method.kind === "server_streaming";
        if (!streaming) calls.add(call);
        try {
          return await dispatch(call);
        } finally {
          calls.delete(call);
          if (calls.size === 0) idle();
        }
      };
      const listener = await transport.listen(services, counted, new AbortController().signal);
      const forgetful: Listener = {
        port: listener.port,
        peers: () => listener.peers(),
        async drain() {
          void listener.drain();
          if (calls.size > 0) await new Promise<void>((resolve) => (idle = resolve));
          await listener.close();
        },
        close: () => listener.close(),
      };
      return forgetful;
    },
  };
}

const planted: { readonly bug: string; readonly seams: Seams; readonly fault: RegExp }[] = [
  {
    bug: "leaving the registry after the shutdown",
    seams: deregistersAfterShutdown,
    fault: /stopped taking calls while the registry showed it as up/,
  },
  {
    bug: "a retry of a call that may have run and must not run twice",
    seams: { clientInterceptors: () => [retriesWhatRan] },
    fault: /Orders\/Put .* ran again/,
  },
  {
    bug: "a stale snapshot after a watch was reset",
    seams: { afterReset: staleAfterReset },
    fault: /holds .*; the registry shows/,
  },
  {
    bug: "statistics inherited by a restarted process",
    seams: oneIncarnation,
    fault: /holds the statistics of orders-\d .* against another process/,
  },
  {
    bug: "a drain that forgets streams",
    seams: { serverTransport: forgetsStreams },
    fault: /a stream was dropped/,
  },
];

describe("a planted bug is found within 1,000 schedules", () => {
  it.each(planted)("$bug", { timeout: 120_000 }, async ({ seams, fault }) => {
    const found = await checkSchedules({ ...ordersFleet, seams, runs: 1_000, seed: 1 }).catch(
      (error: unknown) => error,
    );
    expect(found).toBeInstanceOf(ScheduleError);
    const { faults, runs, steps } = found as ScheduleError;
    expect(faults.join("\n")).toMatch(fault);
    expect(runs).toBeLessThanOrEqual(1_000);
    expect(steps.length).toBeLessThanOrEqual(5);
  });
});

import type {
  AttemptCounts,
  CallerReport,
  Feed,
  Leadership,
  RegistryBackend,
  RolloutPolicy,
  RolloutStore,
  Snapshot,
} from "@rollcall/app";
import { checkSchedules, ScheduleError, type ProcessInfo, type Seams } from "@rollcall/testing/simulator";
import { describe, expect, it } from "vitest";
import { delegate } from "./delegate.js";
import { ordersFleet } from "./orders.js";

/** Some of a store's methods, in place of its own. */
function withStore(
  backend: RegistryBackend,
  change: (store: RolloutStore) => Partial<RolloutStore>,
): RegistryBackend {
  const store = backend.rollouts as RolloutStore;
  const own: RolloutStore = {
    read: (...request) => store.read(...request),
    compareAndSet: (...request) => store.compareAndSet(...request),
    history: (...request) => store.history(...request),
    campaign: (...request) => store.campaign(...request),
    leader: (...request) => store.leader(...request),
    report: (...request) => store.report(...request),
    withdraw: (...request) => store.withdraw(...request),
    reports: (...request) => store.reports(...request),
  };
  return { ...delegate(backend), rollouts: { ...own, ...change(store) } };
}

/** Once elected, decides for ever: neither hears that it was deposed nor has the registry look. */
const ignoresLeadership: Seams = {
  backend: (backend) =>
    withStore(backend, (store) => ({
      async campaign(...request) {
        const leadership = await store.campaign(...request);
        const deaf: Leadership = {
          lost: new AbortController().signal,
          resign: () => leadership.resign(),
        };
        return deaf;
      },
      compareAndSet: (changes, signal) => store.compareAndSet(changes, signal),
    })),
};

/** Takes a document that the registry has lost for no policy at all. */
const forgetsLostPolicy: Seams = {
  backend(backend, { name }) {
    if (!name.startsWith("caller")) return backend;
    const views = new WeakMap<Snapshot, Snapshot>();
    const view = (snapshot: Snapshot): Snapshot => {
      if (!snapshot.policyLost) return snapshot;
      const known = views.get(snapshot) ?? { ...snapshot, policy: undefined, policyLost: undefined };
      views.set(snapshot, known);
      return known;
    };
    const forgetful = (feed: Feed<Snapshot> & AsyncDisposable): Feed<Snapshot> & AsyncDisposable => ({
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
    });
    return { ...delegate(backend), open: (service) => forgetful(backend.open(service)) };
  },
};

/** Reports how calls ended, so that an attempt that was repeated with success never happened. */
function countsCalls(): Seams {
  const repaired = new Map<string, Map<string, number>>();
  const repairedBy = ({ name }: ProcessInfo): Map<string, number> => {
    const own = repaired.get(name) ?? new Map<string, number>();
    repaired.set(name, own);
    return own;
  };
  const without = (counts: AttemptCounts, hidden: number): AttemptCounts => {
    const failures = Math.max(0, counts.failures - hidden);
    return { ...counts, attempts: counts.attempts - (counts.failures - failures), failures };
  };
  return {
    clientInterceptors: (process) => [
      (next) => async (call) => {
        const reply = await next(call);
        const own = repairedBy(process);
        for (const { instance } of call.attempts.slice(0, -1))
          own.set(instance.version, (own.get(instance.version) ?? 0) + 1);
        return reply;
      },
    ],
    backend: (backend, process) =>
      withStore(backend, (store) => ({
        report(service, report, signal) {
          const steps = report.steps.map(({ step, versions }) => ({
            step,
            versions: Object.fromEntries(
              Object.entries(versions).map(([version, counts]) => [
                version,
                { ...without(counts, repairedBy(process).get(version) ?? 0), latency: [] },
              ]),
            ),
          }));
          const told: CallerReport = { ...report, steps };
          return store.report(service, told, signal);
        },
      })),
  };
}

/** Aborts, and leaves the new version a little. */
const abortsToOnePercent: Seams = {
  backend: (backend) =>
    withStore(backend, (store) => ({
      compareAndSet: (changes, signal, leadership) =>
        store.compareAndSet(
          changes.map((change) => ({ ...change, policy: leaky(change.policy) })),
          signal,
          leadership,
        ),
    })),
};

function leaky(policy: RolloutPolicy): RolloutPolicy {
  if (policy.rollout?.state !== "aborted") return policy;
  return {
    ...policy,
    rules: policy.rules.map((rule) => (rule.percent === 0 ? { ...rule, percent: 1 } : rule)),
  };
}

const planted: { readonly bug: string; readonly seams: () => Seams; readonly fault: RegExp }[] = [
  {
    bug: "a controller that does not look whether it still is one",
    seams: () => ignoresLeadership,
    fault: /policy \d+ of .* by orders-.*: written while (nobody|orders-.*) was the controller/,
  },
  {
    bug: "a caller that takes a missing document for an empty policy",
    seams: () => forgetsLostPolicy,
    fault: /sent too many calls in a row away from|a call was dropped/,
  },
  {
    bug: "retries that hide from the analysis what failed",
    seams: countsCalls,
    fault: /which is sick, was promoted/,
  },
  {
    bug: "an abort that leaves the new version a percent",
    seams: () => abortsToOnePercent,
    fault: /aborted, but \d\.0\.0 keeps 1 %/,
  },
];

describe("a planted bug of a rollout is found within 1,000 schedules", () => {
  it.each(planted)("$bug", { timeout: 240_000 }, async ({ seams, fault }) => {
    const options = { ...ordersFleet, seams: seams(), canaries: true, runs: 1_000, seed: 1 };
    const found = await checkSchedules(options).catch((error: unknown) => error);
    expect(found).toBeInstanceOf(ScheduleError);
    const { faults, runs, steps } = found as ScheduleError;
    expect(faults.join("\n")).toMatch(fault);
    expect(runs).toBeLessThanOrEqual(1_000);
    expect(steps.length).toBeLessThanOrEqual(5);
  });
});

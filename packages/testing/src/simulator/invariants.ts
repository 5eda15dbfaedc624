import type { Tally } from "../fleet/tally.js";
import { releaseFaults } from "./canary/release-faults.js";
import { isSick, sickReason } from "./canary/sickness.js";
import type { Drop } from "./caller-recorder.js";
import type { SimulatedFleet } from "./fleet.js";
import { heldByProcess } from "./observed-transport.js";
import type { PolicyWrite } from "./registry/policy-desk.js";
import type { Run } from "./run.js";
import type { Slot } from "./slot.js";
import { Timeline } from "./timeline.js";

/** How long callers may take from an instance's coming until they can call it: the longest pause between connections, and some. */
const noticeMs = 2_000;
/** In the last time before the end everything must be as it should. */
const quietMs = 2_000;

/** How long a spent retry budget takes to have a token again. */
const tokenMs = 1_000;

/** What is wrong with a run that has come to rest: callers that are not in step with the registry, streams that are dead. */
export function restingFaults({ env, fleet, callers, idempotent }: Run): readonly string[] {
  const faults: string[] = [];
  const nowMs = env.clock.now();
  const registered = env.registry.instances;
  for (const { name, process } of fleet.slots) {
    if (process?.state !== "serving") continue;
    const shown = registered.some(
      ({ id, incarnation }) => id === name && incarnation === process.incarnation,
    );
    if (!shown) faults.push(`${name} serves, and the registry does not show it`);
  }
  for (const { id, incarnation } of registered) {
    const lives = fleet.everySlot.some(
      ({ name, process }) =>
        name === id && process?.state === "serving" && process.incarnation === incarnation,
    );
    if (!lives) faults.push(`the registry shows ${id} (${incarnation}), which does not serve`);
  }
  const failing = isLeftFailing(fleet);
  for (const { name, view, services, streams } of callers) {
    const called = registered.filter(({ service }) => services.has(service));
    const wanted = called.map(({ id, incarnation }) => `${id} (${incarnation})`).toSorted();
    const connections = heldByProcess(view);
    const held = [...connections.keys()].toSorted();
    if (held.join() !== wanted.join())
      faults.push(
        `${name} holds ${held.join(", ") || "nothing"}; the registry shows ${wanted.join(", ") || "nothing"}`,
      );
    for (const [process, { length }] of connections)
      if (length > 2) faults.push(`${name} has ${length} connections to ${process}`);
    for (const { instance, connection, misledMs } of view.held) {
      if (connection.state !== "ready")
        faults.push(`${name} has no connection to ${instance.id}: ${connection.state}`);
      if (nowMs - misledMs < quietMs)
        faults.push(
          `${name} holds the statistics of ${instance.id} (${instance.incarnation}) against another process`,
        );
    }
    for (const { lastMessageMs } of streams) {
      if (wanted.length > 0 && !failing && nowMs - lastMessageMs > quietMs)
        faults.push(`a stream of ${name} is dead`);
    }
  }
  return [...faults, ...releaseFaults({ env, fleet, callers, idempotent })];
}

/** An operator may promote what fails; and where a policy is lost with all servers that knew it, nobody takes it back. */
function isLeftFailing(fleet: SimulatedFleet): boolean {
  const stable = fleet.policy()?.stable;
  return fleet.slots.some(
    ({ release }) => isSick(release.sickness) && (stable ?? release.version) === release.version,
  );
}

/** Dropped calls and streams that nothing excuses, and sums that do not add up. */
export function droppedFaults(run: Run, tally: Tally): readonly string[] {
  const faults = run.callers
    .flatMap(({ recorders }) => recorders.flatMap(({ drops }) => drops))
    .filter((drop) => excuse(drop, run) === undefined)
    .map(
      (drop) =>
        `${drop.caller}: a ${drop.kind} was dropped at ${drop.instance ?? "no instance"}: ${drop.text}`,
    );
  const { calls, ok, appErrors, cancelled, dropped } = tally;
  if (calls !== ok + appErrors + cancelled + dropped) faults.push("the receipt does not add up");
  return faults;
}

/** Why a drop is nobody's fault, if it is not. */
export function excuse(drop: Drop, run: Run): string | undefined {
  const { instance, fromMs, toMs, kind, attempts } = drop;
  const slot = run.fleet.everySlot.find(({ name }) => name === instance);
  if (slot?.hung.overlaps(fromMs, toMs)) return "its instance hung";
  const asked = run.env.injected.some(
    ({ atMs, method }) => (!drop.method || drop.method === method) && fromMs <= atMs && atMs <= toMs,
  );
  if (asked) return "a fault that was asked for";
  // It was sent nowhere; what opened the breaker is judged by itself.
  if (/: the breaker of subset ".*" is (open|half-open): /.test(drop.text)) return "its breaker was open";
  if (slot && isSick(slot.release.sickness) && drop.text.includes(sickReason)) return "its canary is sick";
  const repeatable = drop.method !== undefined && run.idempotent(drop.method) && attempts < 3;
  if (slot?.killed.overlaps(fromMs, toMs)) {
    if (kind === "stream" || !repeatable) return "its instance was killed";
    if (hasSpentBudget(drop, run))
      return "its instance was killed, and a sick canary had spent the retry budget";
  }
  const disturbed = (each: Slot): boolean =>
    each.hung.overlaps(fromMs, toMs) || each.killed.overlaps(fromMs, toMs);
  if (run.env.nested && run.fleet.everySlot.some(disturbed)) return "what its instance called may have hung";
  // One that was open somewhere was broken by that.
  const waited = kind === "call" || toMs - drop.wellMs > noticeMs;
  if (waited && !run.fleet.everySlot.some((each) => couldServe(each, drop, run))) return "nobody could serve";
  return undefined;
}

/** Another call of the caller, on a sick canary, was about then not repeated either, though nothing but the budget forbade it. */
function hasSpentBudget({ caller, toMs }: Drop, { callers, idempotent }: Run): boolean {
  const { recorders = [] } = callers.find(({ name }) => name === caller) ?? {};
  return recorders.some(({ drops }) =>
    drops.some(
      ({ method, attempts, text, toMs: atMs }) =>
        text.includes(`[unavailable]: ${sickReason}`) &&
        attempts < 3 &&
        method !== undefined &&
        idempotent(method) &&
        Math.abs(atMs - toMs) <= tokenMs,
    ),
  );
}

/** Whether the instance could be called, and callers could know it, for a moment of the time that the call waited. */
function couldServe(slot: Slot, { wellMs, toMs, text, method }: Drop, { env }: Run): boolean {
  const { outages, disturbances, longestLagMs, shown, policies } = env.registry;
  const seen = shown.get(slot.name);
  if (!seen) return false;
  let callable = slot.served.and(seen);
  // Whether it was right to wait for stable, those judge who watch the routing.
  if (text.includes('in subset "stable"') && slot.release.weight === 0)
    callable = callable.and(whenStable(slot.release.version, method, policies.writes));
  return callable.spans.some((span) => {
    let knownMs = span.fromMs + noticeMs + longestLagMs;
    for (const outage of [...outages.spans, ...disturbances.spans])
      if (outage.fromMs <= knownMs && outage.toMs >= span.fromMs)
        knownMs = Math.max(knownMs, outage.toMs + noticeMs + longestLagMs);
    return Math.max(knownMs, wellMs) < Math.min(span.toMs, toMs);
  });
}

/** When a version was the stable one of the method's service. A policy that the registry loses is still gone by. */
function whenStable(version: string, method: string | undefined, writes: readonly PolicyWrite[]): Timeline {
  const stable = new Timeline();
  for (const { atMs, service, policy } of writes) {
    if (!method?.startsWith(`${service}/`)) continue;
    if (policy.stable === version) stable.begin(atMs);
    else stable.end(atMs);
  }
  return stable;
}

import { ConfigError, type Leadership } from "@rollcall/core";
import type { ICompare } from "etcd3";
import { textOf } from "../json-document.js";
import { Flight } from "./flight.js";
import { leaderKey } from "./keys.js";
import { decodeLeader, encodeLeader } from "./leader-record.js";
import { persist } from "./persist.js";
import { orAborted } from "./retry.js";
import type { RolloutOptions } from "./rollout-options.js";
import type { SessionLease } from "./session.js";
import { WatchedRanges } from "./watched-ranges.js";

/** How long `resign` waits for etcd. */
const resignMs = 2000;

/** After this time etcd runs no call any more that had no answer: its own limit is about 7 s. */
const straggleMs = 10_000;

/** The key that makes its holder the controller of a service, as one campaign or leadership sees it. */
interface Won {
  readonly key: string;
  readonly value: Buffer;
  readonly lease: SessionLease;
  readonly createRevision: number;
}

const candidates = textOf(256).min(1);
const guards = new WeakMap<Leadership, readonly ICompare[]>();

/** What holds in etcd only while a leadership does. */
export function guardOf(leadership: Leadership): readonly ICompare[] {
  const guard = guards.get(leadership);
  if (!guard)
    throw new ConfigError("leadership is not of this registry: campaign where policies are changed");
  return guard;
}

/**
 * Waits until the service has no controller, and becomes it: creates its key on the session's lease. Who waits, watches
 * the key and tries again when it is gone.
 */
export async function campaign(
  service: string,
  candidate: string,
  options: RolloutOptions,
  signal: AbortSignal,
): Promise<Leadership> {
  if (!candidates.safeParse(candidate).success)
    throw new ConfigError(`candidate ${JSON.stringify(candidate)} is not a text of 1 to 256 characters`);
  const { session, keyPrefix, random } = options;
  const key = leaderKey(keyPrefix, service);
  const value = Buffer.from(encodeLeader(candidate, random));
  const flight = new Flight();
  const both = new AbortController();
  const stop = (): void => both.abort(signal.aborted ? signal.reason : session.closed.reason);
  if (signal.aborted || session.closed.aborted) stop();
  for (const each of [signal, session.closed]) each.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const won = await take(key, value, flight, options, both.signal);
      if (won) return lead(won, options);
      await vacancy(key, value, options, both.signal);
    }
  } catch (error) {
    // An attempt whose answer nobody waits for any more may have succeeded.
    void withdraw(key, value, flight, options).catch(() => {});
    throw error;
  } finally {
    for (const each of [signal, session.closed]) each.removeEventListener("abort", stop);
  }
}

/** Who holds the key, as it named itself. */
export async function leaderOf(
  service: string,
  options: RolloutOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { keyPrefix, kv } = options;
  const key = leaderKey(keyPrefix, service);
  const { kvs } = await persist(
    `reading ${key}`,
    () => kv.call(({ kv }) => kv.range({ key: Buffer.from(key) })),
    options,
    signal,
  );
  return kvs[0] && decodeLeader(kvs[0].value);
}

/** Creates the key if there is none. Undefined when somebody else holds it. */
async function take(
  key: string,
  value: Buffer,
  flight: Flight,
  options: RolloutOptions,
  signal: AbortSignal,
): Promise<Won | undefined> {
  const { kv, session } = options;
  const bytes = Buffer.from(key);
  const attempt = (lease: SessionLease): Promise<Won | undefined> =>
    flight
      .send(
        kv.call(({ kv }) =>
          kv.txn({
            compare: [{ target: "Create", result: "Equal", key: bytes, create_revision: 0 }],
            success: [{ request_put: { key: bytes, value, lease: lease.id } }],
            failure: [{ request_range: { key: bytes } }],
          }),
        ),
      )
      .then(({ succeeded, header, responses }) => {
        if (succeeded) return { key, value, lease, createRevision: Number(header.revision) };
        const [held] = responses[0]?.response_range.kvs ?? [];
        // An earlier attempt of ours whose end we did not hear of; the value has a token of its own.
        if (held?.lease !== lease.id || !held.value.equals(value)) return undefined;
        return { key, value, lease, createRevision: Number(held.create_revision) };
      });
  return persist(`campaigning for ${key}`, () => session.use(attempt, signal), options, signal);
}

/** Resolves when nobody holds the key, or when a late attempt of ours has put it. */
async function vacancy(
  key: string,
  value: Buffer,
  options: RolloutOptions,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ranges = new WatchedRanges({
    ...options,
    ranges: [{ key: Buffer.from(key) }],
    name: key,
    // The first call has all there is: nothing, or the key. A later one may have holders that have gone since.
    onChange: (changes) => {
      const held = changes.at(-1)?.held;
      if (!held || held.value.equals(value)) resolve();
    },
  });
  try {
    await orAborted(promise, signal);
  } finally {
    await ranges.close();
  }
}

function lead(won: Won, options: RolloutOptions): Leadership {
  const { key, lease, createRevision } = won;
  const lost = new AbortController();
  let resigned: Promise<void> | undefined;
  const over = (): void => end(lease.over.reason as Error);
  const ranges = new WatchedRanges({
    ...options,
    ranges: [{ key: Buffer.from(key) }],
    name: key,
    // It is created once and never put again, so whatever is not our creation is the end.
    onChange: (changes) => {
      const held = changes.at(-1)?.held;
      if (held?.modRevision !== createRevision || held.lease !== lease.id)
        end(new Error(`${key} is no longer this process's`));
    },
  });
  const release = (): void => {
    lease.over.removeEventListener("abort", over);
    void ranges.close();
  };
  const end = (reason: Error): void => {
    release();
    if (!resigned) lost.abort(reason);
  };
  lease.over.addEventListener("abort", over, { once: true });
  if (lease.over.aborted) over();
  const leadership: Leadership = {
    lost: lost.signal,
    resign: () => {
      release();
      return (resigned ??= lost.signal.aborted ? Promise.resolve() : resign(won, options));
    },
  };
  guards.set(leadership, [
    holds(won),
    { target: "Lease", result: "Equal", key: Buffer.from(key), lease: lease.id },
  ]);
  return leadership;
}

/** Deletes the key, for as long as it takes; waits for that 2 s at most. Rejects with etcd's refusal. */
async function resign(won: Won, options: RolloutOptions): Promise<void> {
  const { kv, clock } = options;
  const { key, lease } = won;
  const request = {
    compare: [holds(won)],
    success: [{ request_delete_range: { key: Buffer.from(key) } }],
  };
  const attempt = (): Promise<unknown> => kv.call(({ kv }) => kv.txn(request));
  const gone = persist(`resigning from ${key}`, attempt, options, lease.over).catch((error: unknown) => {
    // When the lease is over, so is the key.
    if (!lease.over.aborted) throw error;
  });
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const stop = clock.timer(resignMs, resolve);
  await Promise.race([gone, late]).finally(stop);
}

/** Deletes the key if it holds a value of ours, or comes to hold it late. */
async function withdraw(key: string, value: Buffer, flight: Flight, options: RolloutOptions): Promise<void> {
  const { clock, session } = options;
  const landing = await flight.landed();
  if (landing === "nothing was sent") return;
  const bytes = Buffer.from(key);
  const request = {
    compare: [{ target: "Value", result: "Equal", key: bytes, value }] satisfies ICompare[],
    success: [{ request_delete_range: { key: bytes } }],
  };
  const attempt = (): Promise<unknown> => options.kv.call(({ kv }) => kv.txn(request));
  await persist(`withdrawing from ${key}`, attempt, options, session.closed);
  if (landing === "answered") return;
  await clock.sleep(straggleMs, session.closed);
  await persist(`withdrawing from ${key}`, attempt, options, session.closed);
}

function holds({ key, createRevision }: Won): ICompare {
  return { target: "Create", result: "Equal", key: Buffer.from(key), create_revision: createRevision };
}

import { type EtcdUnderTest, etcdBackends } from "@rollcall/testing";
import { EtcdClient, type EtcdStream } from "../../packages/testing/src/etcd/etcd-client.js";
import type { WatchEvent, WatchRequest, WatchResponse } from "../../packages/testing/src/etcd/messages.js";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { minorOf } from "./conformance/session.js";
import { withoutRealEtcd } from "./describe-etcd.js";
import { type Operation, operation, watch } from "./operations.js";

const [embedded, real] = etcdBackends();
const title = "the embedded etcd answers random requests as a real one does";

if (!real) withoutRealEtcd(title);
else {
  describe(title, () => {
    let etcds: EtcdUnderTest[] = [];

    beforeAll(async () => {
      etcds = await Promise.all([embedded!.start(), real.start()]);
    });
    afterAll(async () => {
      await Promise.all(etcds.map((etcd) => etcd.close()));
    });

    test("every answer, refusal and watch event is the same", { timeout: 300_000 }, async ({ skip }) => {
      skip((await minorOf(etcds[1]!)) < 6, "older releases differ where test/etcd/conformance says so");
      const runs = Number(process.env["ROLLCALL_FUZZ_RUNS"] ?? 15);
      const seed = process.env["ROLLCALL_FUZZ_SEED"];
      let last: Promise<unknown> = Promise.resolve();
      try {
        await fc.assert(
          fc.asyncProperty(
            fc.array(watch, { maxLength: 3 }),
            fc.array(operation, { minLength: 10, maxLength: 120, size: "max" }),
            fc.array(watch, { maxLength: 3 }),
            async (before, operations, after) => {
              const both = etcds.map((etcd) => run(etcd, before, operations, after));
              last = Promise.allSettled(both);
              const [ours, theirs] = await Promise.all(both);
              expect(ours).toEqual(theirs);
            },
          ),
          // Whatever number was asked for, and shrinking, ends after two minutes.
          { numRuns: runs, interruptAfterTimeLimit: 120_000, ...(seed ? { seed: Number(seed) } : {}) },
        );
      } finally {
        // The time limit does not wait for the run that is under way.
        await last;
      }
    });
  });
}

type Watch = Record<string, unknown>;

/** Everything an empty etcd says to `operations`, and what watches opened before and after them see. */
async function run(
  etcd: EtcdUnderTest,
  before: Watch[],
  operations: Operation[],
  after: Watch[],
): Promise<unknown> {
  await etcd.wipe();
  using client = new EtcdClient(etcd.url);
  const stream = client.stream<WatchRequest, WatchResponse>("Watch", "Watch");
  try {
    const opened = await openWatches(stream, before, 1, 1);
    const answers: unknown[] = [];
    for (const { service, method, request } of operations) {
      const answer = client.call(service, method, request).catch(refusalOf);
      answers.push([method, comparable(await answer)]);
    }
    opened.push(...(await openWatches(stream, after, 101, await etcd.revision())));
    // Both kinds of event, for watches that filter one of them.
    await etcd.put("sentinel", "");
    await etcd.delete("sentinel");
    const watches: unknown[] = [];
    for (const created of opened)
      watches.push(created.canceled ? comparable(created) : await watched(stream, created));
    return { answers, watches };
  } finally {
    stream.cancel();
  }
}

function refusalOf({ code, details }: { code: number; details: string }): object {
  return { code, details };
}

/**
 * Opens watches of everything, at most from the next revision on, as a later start could lie after the sentinel;
 * resolves with their created replies.
 */
async function openWatches(
  stream: EtcdStream<WatchRequest, WatchResponse>,
  all: Watch[],
  firstId: number,
  revision: number,
): Promise<WatchResponse[]> {
  const opened: WatchResponse[] = [];
  for (const [index, request] of all.entries()) {
    const start_revision = Math.min(Number(request["start_revision"] ?? 0), revision + 1);
    const everything = { key: Buffer.of(0), range_end: Buffer.of(0), watch_id: firstId + index };
    const from = stream.received.length;
    stream.send({ create_request: { ...everything, ...request, start_revision } } as unknown as WatchRequest);
    opened.push(await stream.find((reply) => reply.created === true, { from }));
  }
  return opened;
}

/** All events of a watch in their order, whatever replies they came in, and how it ended. */
async function watched(
  stream: EtcdStream<WatchRequest, WatchResponse>,
  { watch_id }: WatchResponse,
): Promise<unknown> {
  const replies = (): WatchResponse[] => stream.received.filter((reply) => reply.watch_id === watch_id);
  const events = (): WatchEvent[] => replies().flatMap((reply) => reply.events ?? []);
  const isSentinel = ({ kv }: WatchEvent): boolean => kv.key.toString() === "sentinel";
  await stream.until(() => events().some(isSentinel) || replies().some((reply) => reply.canceled));
  const end = replies().find((reply) => reply.canceled);
  return { events: comparable(events().filter((event) => !isSentinel(event))), end: comparable(end) };
}

/** Without what differs between any two etcds: who answered, and how much of a lease is left. */
function comparable(message: unknown): unknown {
  return JSON.parse(
    JSON.stringify(message ?? null, (name, value: unknown) => {
      if (name === "cluster_id" || name === "member_id" || name === "raft_term") return undefined;
      if (name === "TTL") return Number(value) > 0 ? "left" : value;
      // A lease's keys come in no order.
      if (name === "keys" && Array.isArray(value)) return value.map((key) => JSON.stringify(key)).toSorted();
      return value;
    }),
  );
}

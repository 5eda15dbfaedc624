import { type EtcdUnderTest, etcdBackends } from "@rollcall/testing";
import { EtcdClient, type EtcdStream } from "../../packages/testing/src/etcd/etcd-client.js";
import type { WatchRequest, WatchResponse } from "../../packages/testing/src/etcd/messages.js";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

    test("every answer, refusal and watch event is the same", { timeout: 300_000 }, async () => {
      const runs = Number(process.env["ROLLCALL_FUZZ_RUNS"] ?? 15);
      const seed = process.env["ROLLCALL_FUZZ_SEED"];
      await fc.assert(
        fc.asyncProperty(
          fc.array(watch, { maxLength: 3 }),
          fc.array(operation, { minLength: 10, maxLength: 120, size: "max" }),
          fc.array(watch, { maxLength: 3 }),
          async (before, operations, after) => {
            const [ours, theirs] = await Promise.all(
              etcds.map((etcd) => run(etcd, before, operations, after)),
            );
            expect(ours).toEqual(theirs);
          },
        ),
        // Shrinking has its end too: a minute after the first failure says enough.
        { numRuns: runs, interruptAfterTimeLimit: 120_000, ...(seed ? { seed: Number(seed) } : {}) },
      );
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
    await openWatches(stream, before, 1, 1);
    const answers: unknown[] = [];
    for (const { service, method, request } of operations) {
      const answer = client.call(service, method, request).catch(refusalOf);
      answers.push([method, comparable(await answer)]);
    }
    await openWatches(stream, after, 101, await etcd.revision());
    // Both kinds of event, for watches that filter one of them.
    await etcd.put("sentinel", "");
    await etcd.delete("sentinel");
    const watches: unknown[] = [];
    for (const [index] of before.entries()) watches.push(await watched(stream, 1 + index));
    for (const [index] of after.entries()) watches.push(await watched(stream, 101 + index));
    return { answers, watches };
  } finally {
    stream.cancel();
  }
}

function refusalOf({ code, details }: { code: number; details: string }): object {
  return { code, details };
}

/** Opens watches of everything, at most from the next revision on: a later start could lie after the sentinel. */
async function openWatches(
  stream: EtcdStream<WatchRequest, WatchResponse>,
  all: Watch[],
  firstId: number,
  revision: number,
): Promise<void> {
  for (const [index, request] of all.entries()) {
    const id = firstId + index;
    const start_revision = Math.min(Number(request["start_revision"] ?? 0), revision + 1);
    const create_request = {
      key: Buffer.of(0),
      range_end: Buffer.of(0),
      watch_id: id,
      ...request,
      start_revision,
    };
    stream.send({ create_request } as unknown as WatchRequest);
    await stream.find(
      (reply) => reply.created === true && [String(id), "-1"].includes(String(reply.watch_id)),
    );
  }
}

/** All events of a watch in their order, whatever replies they came in, and how it ended. */
async function watched(stream: EtcdStream<WatchRequest, WatchResponse>, id: number): Promise<unknown> {
  const replies = (): WatchResponse[] => stream.received.filter((reply) => reply.watch_id === String(id));
  const events = (): unknown[] => replies().flatMap((reply) => reply.events ?? []);
  const isSentinel = (event: unknown): boolean =>
    (event as { kv: { key: Buffer } }).kv.key.toString() === "sentinel";
  const isRefused = stream.received.some((reply) => reply.created && reply.canceled);
  await stream.until(
    () => isRefused || events().some(isSentinel) || replies().some((reply) => reply.canceled),
  );
  const end = replies().find((reply) => reply.canceled);
  return {
    events: events()
      .filter((event) => !isSentinel(event))
      .map(comparable),
    end: comparable(end),
  };
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

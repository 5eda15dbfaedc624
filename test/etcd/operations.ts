import * as fc from "fast-check";

/** One request of a random run, as `EtcdClient.call` takes it. */
export interface Operation {
  readonly service: "KV" | "Lease";
  readonly method: string;
  readonly request: Readonly<Record<string, unknown>>;
}

const text = (...values: string[]): fc.Arbitrary<Buffer> =>
  fc.constantFrom(...values).map((value) => Buffer.from(value, "latin1"));

// Few keys, so that operations meet; one has a byte that is no text, one is the prefix of others.
const key = text("a", "a/1", "a/2", "b", "c\xff", "c\xff\x01");
const anyKey = fc.oneof({ weight: 20, arbitrary: key }, { weight: 1, arbitrary: text("") });
const value = text("", "1", "2", "10", "long value");
const lease = fc.constantFrom(0, 0, 0, 7, 8, 9);
/** Mostly revisions that exist; some are compacted by then, some in the future. */
const revision = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -1, max: 60 }) },
);
const rarely = fc.oneof(
  { weight: 5, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);

/** One key, or a range: from a key on (`\0`), a prefix, an arbitrary and perhaps empty interval. */
const range = fc.oneof(
  key.map((one) => ({ key: one })),
  fc.record({ key: anyKey, range_end: text("\0", "a0", "b", "c", "d") }),
);

const rangeRequest = fc
  .tuple(
    range,
    fc.record(
      {
        limit: fc.integer({ min: 0, max: 4 }),
        revision,
        sort_order: fc.integer({ min: 0, max: 3 }),
        sort_target: fc.integer({ min: 0, max: 5 }),
        keys_only: rarely,
        count_only: rarely,
        min_mod_revision: revision,
        max_mod_revision: revision,
        min_create_revision: revision,
        max_create_revision: revision,
      },
      { requiredKeys: [] },
    ),
  )
  .map(([keys, options]) => ({ ...keys, ...options }));

const putRequest = fc.record(
  { key: anyKey, value, lease, prev_kv: fc.boolean(), ignore_value: rarely, ignore_lease: rarely },
  { requiredKeys: ["key"] },
);

const deleteRequest = fc.tuple(range, fc.boolean()).map(([keys, prev_kv]) => ({ ...keys, prev_kv }));

const compare = fc
  .tuple(
    range,
    fc.integer({ min: 0, max: 3 }),
    fc.oneof(
      fc.integer({ min: 0, max: 3 }).map((version) => ({ target: 0, version })),
      revision.map((create_revision) => ({ target: 1, create_revision })),
      revision.map((mod_revision) => ({ target: 2, mod_revision })),
      value.map((value) => ({ target: 3, value })),
      lease.map((lease) => ({ target: 4, lease })),
      fc.integer({ min: 0, max: 4 }).map((target) => ({ target })),
    ),
  )
  .map(([keys, result, against]) => ({ ...keys, result, ...against }));

const { txn } = fc.letrec<{ txn: Record<string, unknown>; op: Record<string, unknown> }>((tie) => ({
  txn: fc.record({
    compare: fc.array(compare, { maxLength: 2 }),
    success: fc.array(tie("op"), { maxLength: 3 }),
    failure: fc.array(tie("op"), { maxLength: 3 }),
  }),
  op: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    { weight: 4, arbitrary: putRequest.map((request_put) => ({ request_put })) },
    { weight: 3, arbitrary: rangeRequest.map((request_range) => ({ request_range })) },
    { weight: 2, arbitrary: deleteRequest.map((request_delete_range) => ({ request_delete_range })) },
    { weight: 2, arbitrary: tie("txn").map((request_txn) => ({ request_txn })) },
  ),
}));

const leaseId = fc.constantFrom(7, 8, 9);

const on = (
  service: Operation["service"],
  method: string,
  requests: fc.Arbitrary<Record<string, unknown>>,
): fc.Arbitrary<Operation> => requests.map((request) => ({ service, method, request }));

/** A request that etcd may accept or refuse, in about the mix that exercises it best. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: on("KV", "Put", putRequest) },
  { weight: 6, arbitrary: on("KV", "Range", rangeRequest) },
  { weight: 3, arbitrary: on("KV", "DeleteRange", deleteRequest) },
  { weight: 8, arbitrary: on("KV", "Txn", txn) },
  { weight: 1, arbitrary: on("KV", "Compact", fc.record({ revision, physical: fc.constant(true) })) },
  {
    weight: 3,
    arbitrary: on("Lease", "LeaseGrant", fc.record({ ID: leaseId, TTL: fc.constantFrom(600, 10 ** 10) })),
  },
  { weight: 1, arbitrary: on("Lease", "LeaseRevoke", fc.record({ ID: leaseId })) },
  { weight: 2, arbitrary: on("Lease", "LeaseTimeToLive", fc.record({ ID: leaseId, keys: fc.boolean() })) },
);

/** A watch of a random run: over all keys, so that it sees the sentinel at the end. */
export const watch: fc.Arbitrary<Record<string, unknown>> = fc.record(
  { filters: fc.subarray([0, 1], { maxLength: 1 }), prev_kv: fc.boolean(), start_revision: revision },
  { requiredKeys: [] },
);

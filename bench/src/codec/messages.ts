import type { FlatInit, KnownInit, OrderInit } from "../gen/bench/v1/shapes.js";

export const text = { text: "x".repeat(98) };

export const flat: FlatInit = {
  id: "order-4711",
  name: "a name of some length",
  count: 42,
  size: 70_000,
  cents: "123456789012",
  revision: "9007199254740993",
  ratio: 0.75,
  share: 0.5,
  active: true,
  offset: -12,
};

const item = (n: number) =>
  ({
    sku: `sku-${n}`,
    quantity: n,
    cents: 1_999 * n,
    state: n % 2 === 0 ? "STATE_PAID" : "STATE_OPEN",
  }) as const;

export const order: OrderInit = {
  id: "order-4711",
  items: [1, 2, 3, 4, 5].map(item),
  labels: { region: "eu-west-1", tier: "gold", source: "mobile" },
  extras: { gift: item(6), wrap: item(7) },
  state: "STATE_OPEN",
  placedAtMs: 1_700_000_000_000,
  payment: "invoice",
  invoice: flat,
  signature: new Uint8Array(64).fill(7),
  counts: [1, 2, 3, 500, 60_000],
  notes: ["leave at the door", "ring twice"],
};

export const known: KnownInit = {
  at: { seconds: 1_700_000_000, nanos: 5 },
  took: { seconds: "1", nanos: 5_000_000 },
  text: { value: "wrapped" },
  json: {
    fields: {
      a: { kind: "numberValue", numberValue: 1 },
      b: { kind: "listValue", listValue: { values: [{ kind: "boolValue", boolValue: true }] } },
    },
  },
  mask: { paths: ["items.sku", "labels"] },
  any: { typeUrl: "type.googleapis.com/bench.v1.Text", value: new Uint8Array(20) },
};

import { FakeClock, settle as settled } from "@rollcall/testing/clock";
import type { Etcd3 } from "etcd3";
import { beforeEach, expect, test } from "vitest";
import type { Link } from "./link.js";
import { Reporter } from "./reporter.js";
import type { RolloutOptions } from "./rollout-options.js";

/** What was asked of etcd, and the answers that are held back. */
let asked: string[];
let held: (() => void)[];
let holding: boolean;
/** Keys that stand before and after ours. */
let others: string[];
let reporter: Reporter;

const never = new AbortController().signal;
const report = "{}";

async function answered<T>(what: string, answer: T): Promise<T> {
  asked.push(what);
  if (holding) await new Promise<void>((resolve) => held.push(resolve));
  return answer;
}

const client = {
  kv: {
    range: async () => {
      const kvs = others.slice(0, 200).map((key) => ({ key: Buffer.from(key) }));
      return answered("look", { kvs });
    },
    put: async () => answered("put", {}),
    deleteRange: async () => answered("delete", {}),
  },
} as unknown as Etcd3;

beforeEach(() => {
  [asked, held, holding, others] = [[], [], false, []];
  const kv = { call: (run: (client: Etcd3) => unknown) => run(client) } as unknown as Link;
  const session = { use: (run: (lease: { id: string }) => unknown) => run({ id: "7" }) };
  const options = { keyPrefix: "", kv, session, clock: new FakeClock(), random: () => 0.5 };
  reporter = new Reporter("rollout-stats/s/", "m", options as unknown as RolloutOptions);
});

const keys = (count: number, first: string): string[] =>
  Array.from({ length: count }, (_, n) => `rollout-stats/s/${first}${String(n).padStart(4, "0")}`);

test("looks before the first report and before every 15th", async () => {
  for (let n = 0; n < 31; n += 1) expect(await reporter.report(report, never)).toBe(true);
  expect(asked.filter((what) => what === "look")).toHaveLength(3);
  expect(asked.slice(0, 3)).toEqual(["look", "put", "put"]);
  expect(asked.indexOf("look", 1)).toBe(16);
});

test("puts nothing when 200 others stand before it, and asks no more often for that", async () => {
  others = keys(200, "a");
  for (let n = 0; n < 15; n += 1) expect(await reporter.report(report, never)).toBe(false);
  expect(asked).toEqual(["look"]);
  others = keys(199, "a");
  expect(await reporter.report(report, never)).toBe(true);
});

test("puts when it stands before one of the 200", async () => {
  others = [...keys(199, "a"), "rollout-stats/s/z"];
  expect(await reporter.report(report, never)).toBe(true);
});

test("takes its report back, once, when others have come before it", async () => {
  for (let n = 0; n < 15; n += 1) await reporter.report(report, never);
  others = keys(200, "a");
  asked.length = 0;
  expect(await reporter.report(report, never)).toBe(false);
  expect(await reporter.report(report, never)).toBe(false);
  expect(asked).toEqual(["look", "delete"]);
});

test("withdraws after a report that is still on its way, though nobody waits for it", async () => {
  await reporter.report(report, never);
  holding = true;
  const stop = new AbortController();
  const late = reporter.report(report, stop.signal);
  const refused = expect(late).rejects.toThrow("enough");
  await settled();
  stop.abort(new Error("enough"));
  await refused;
  const withdrawn = reporter.withdraw(never);
  await settled();
  expect(asked).toEqual(["look", "put", "put"]);
  holding = false;
  for (const land of held) land();
  await withdrawn;
  expect(asked).toEqual(["look", "put", "put", "delete"]);
});

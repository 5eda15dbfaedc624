import type { Feed, Snapshot } from "@rollcall/core";
import type { EtcdUnderTest } from "@rollcall/testing";
import { Orders } from "../fixtures/gen/shop/v1/shop.js";
import { untilTrue } from "../registry/until.js";

const prefix = `services/${Orders.name}/`;

/** Nobody calls an instance that drains, and all watchers must show it. */
const beacon = JSON.stringify({
  Op: 0,
  Addr: "127.0.0.1:1",
  Metadata: null,
  ext: { v: 1, inc: "1-beacon", w: 0, state: "draining" },
});

/**
 * Waits until etcd holds exactly the instances at these addresses and every feed shows what etcd holds. As a feed may be
 * right only because nothing has changed since it went deaf, a record is put that all must show.
 * @returns how long it took
 */
export async function untilRight(
  etcd: EtcdUnderTest,
  feeds: readonly Feed<Snapshot>[],
  addresses: readonly string[],
  withinMs: number,
): Promise<number> {
  const from = performance.now();
  const inStep = async (expected: readonly string[]): Promise<boolean> => {
    const held = await etcd.read(prefix);
    if (String([...held.keys()]) !== String(expected.map((id) => prefix + id).toSorted())) return false;
    const records = [...held.values()].map(
      (value) => JSON.parse(value) as { ext: { inc: string; state: string } },
    );
    const runs = records.map(({ ext }) => `${ext.inc} ${ext.state}`).toSorted();
    return feeds.every(({ current }) => {
      const seen = (current?.instances ?? []).map(({ incarnation, state }) => `${incarnation} ${state}`);
      return String(seen.toSorted()) === String(runs);
    });
  };
  await untilTrue(() => inStep(addresses), withinMs);
  await etcd.put(`${prefix}beacon`, beacon);
  await untilTrue(() => inStep([...addresses, "beacon"]), withinMs);
  const tookMs = performance.now() - from;
  await etcd.delete(`${prefix}beacon`);
  await untilTrue(() => inStep(addresses), withinMs);
  return tookMs;
}

import type { Feed, Snapshot } from "@rollcall/core";
import { etcdRegistry } from "@rollcall/registry/etcd";
import type { EtcdUnderTest } from "@rollcall/testing";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import type { RowContext } from "./context.js";
import { keyOf, registered } from "./steady-state.js";

/** Watchers of a service's instances, each as a caller has one, that are compared with what etcd holds. */
export interface Witness {
  /**
   * Resolves when etcd holds exactly these ids and every watcher shows them, and then a record that is put for the
   * purpose: a watcher that has gone deaf may be right by chance.
   */
  untilInStep(ids: readonly string[], withinMs: number): Promise<void>;
}

/** Nobody calls an instance that drains, and every watcher must show it. */
const beacon = JSON.stringify({
  Op: 0,
  Addr: "127.0.0.1:1",
  Metadata: null,
  ext: { v: 1, inc: "1-beacon", w: 0, state: "draining" },
});

/** One watcher per URL; a URL may lead through a proxy. */
export async function startWitness(
  context: RowContext,
  etcd: EtcdUnderTest,
  urls: readonly string[],
): Promise<Witness> {
  const feeds = urls.map((url): Feed<Snapshot> => {
    const registry = context.use(etcdRegistry({ url }));
    return context.use(registry.open(Orders.name));
  });
  await Promise.all(feeds.map((feed) => feed.next(undefined, AbortSignal.timeout(10_000))));
  return {
    async untilInStep(ids, withinMs) {
      const shown = (wanted: readonly string[]): Promise<number> => {
        const text = String(wanted.toSorted());
        return context.until(`etcd and ${feeds.length} watchers show ${text}`, withinMs, async () => {
          const held: string[] = await registered(etcd).catch(() => []);
          if (String(held.toSorted()) !== text) return false;
          return feeds.every(({ current }) => {
            const seen = (current?.instances ?? []).map(({ id }) => id);
            return String(seen.toSorted()) === text;
          });
        });
      };
      await shown(ids);
      await etcd.put(keyOf("beacon"), beacon);
      await shown([...ids, "beacon"]);
      await etcd.delete(keyOf("beacon"));
    },
  };
}

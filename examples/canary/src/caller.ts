import { createClient, type Snapshot } from "@rollcall/app";
import { etcdRegistry } from "@rollcall/registry/etcd";
import { receiptInterceptor, runCaller } from "@rollcall/testing/fleet";
import { Catalogue } from "./gen/catalogue/v1/catalogue.js";
import { countShares, noteEnd, type ShareTally } from "./share-tally.js";

const version = process.env["CANARY_VERSION"] ?? "";
const tally: ShareTally = { steps: [], failedOnCanary: 0, failedElsewhere: 0 };

await using registry = etcdRegistry({ url: process.env["ROLLCALL_REGISTRY"] ?? "" });
await using feed = registry.open(Catalogue.name);
const shares = countShares(tally, version, () => feed.current?.policy);
await using catalogue = createClient(Catalogue, { registry, interceptors: [shares, receiptInterceptor] });

const report = (): void => void (process.connected && process.send?.({ canary: "tally", tally }));
const reports = setInterval(report, 100);
await runCaller({
  ratePerSecond: Number(process.env["CANARY_RATE"] ?? 200),
  call: (n) => catalogue.price({ article: `article ${n}` }),
  async beside(_recorder, signal) {
    let seen: Snapshot | undefined;
    while (!signal.aborted) {
      seen = await feed.next(seen, signal).catch(() => seen);
      noteEnd(tally, seen?.policy);
    }
  },
});
clearInterval(reports);
report();
process.disconnect();

import type { BalancerFactory } from "@rollcall/core";
import { balancers } from "./balancers.js";
import { balancerContract } from "./contract.js";
import { callWith } from "./fixtures/endpoints.js";
import { keyHash } from "./key-hash.js";
import { outlierEjection } from "./outlier-ejection.js";
import { peakEwma } from "./peak-ewma.js";
import { pickFirst } from "./pick-first.js";
import { sourceHash } from "./source-hash.js";
import { standardStack } from "./standard-stack.js";
import { subsetting } from "./subsetting.js";
import { weightedRandom } from "./weighted-random.js";
import { weightedRoundRobin } from "./weighted-round-robin.js";
import { zoneAware } from "./zone-aware.js";

const notDividing: readonly BalancerFactory[] = [pickFirst, sourceHash];
for (const factory of balancers)
  balancerContract(factory, { divides: notDividing.includes(factory) ? "none" : "calls" });

const renamed = (factory: BalancerFactory, name: string): BalancerFactory => ({
  name,
  create: (env) => factory.create(env),
});

balancerContract(renamed(keyHash(), "key-hash with keys"), {
  divides: "keys",
  call: (n) => callWith(`key ${n}`),
});

for (const inner of [weightedRoundRobin, peakEwma]) {
  balancerContract(outlierEjection(inner));
  balancerContract(zoneAware(inner));
  balancerContract(renamed(zoneAware(inner, { minEndpoints: 0 }), `zone-aware(${inner.name}) elsewhere`), {
    zone: "elsewhere",
  });
  balancerContract(renamed(subsetting(inner, { size: 100 }), `subsetting(${inner.name}) of all`));
  balancerContract(subsetting(inner, { size: 2 }), { divides: "none" });
  balancerContract(standardStack(inner), { zone: "z" });
}
balancerContract(standardStack(keyHash(), { subsetSize: 3 }), {
  divides: "none",
  call: (n) => callWith(`key ${n}`),
});
balancerContract(standardStack(weightedRandom, { subsetSize: 3 }), { divides: "none", zone: "z" });

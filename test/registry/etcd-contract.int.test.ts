import { etcdRegistry } from "@rollcall/registry/etcd";
import type { EtcdUnderTest } from "@rollcall/testing";
import { afterAll, beforeAll } from "vitest";
import { describeEtcd } from "../etcd/describe-etcd.js";
import { breakerContract } from "./breaker-contract.js";
import { registryContract, type RegistryUnderTest } from "./contract.js";
import { rolloutContract } from "./rollout-contract.js";

describeEtcd("registry contract", (start) => {
  let etcd: EtcdUnderTest;
  let runs = 0;
  beforeAll(async () => {
    etcd = await start();
  });
  afterAll(() => etcd.close());

  const connections = async (): Promise<RegistryUnderTest> => {
    runs += 1;
    const keyPrefix = `run-${runs}`;
    const connected: AsyncDisposable[] = [];
    return {
      connect() {
        const registry = etcdRegistry({ url: etcd.url, keyPrefix, ttlMs: 2000 });
        connected.push(registry);
        return registry;
      },
      async [Symbol.asyncDispose]() {
        await Promise.all(connected.map((each) => each[Symbol.asyncDispose]()));
      },
    };
  };
  registryContract(connections);
  rolloutContract(connections);
  breakerContract(connections);
});

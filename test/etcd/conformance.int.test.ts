import { describe } from "vitest";
import { etcd3Client } from "./conformance/etcd3-client.js";
import { faults } from "./conformance/faults.js";
import { keysAndTransactions } from "./conformance/kv.js";
import { leasesAndTheirKeys } from "./conformance/leases.js";
import { useSession } from "./conformance/session.js";
import { watches } from "./conformance/watches.js";
import { describeEtcd } from "./describe-etcd.js";

// What holds for the embedded etcd holds for a real one, and the other way round.
describeEtcd("etcd conformance", (start) => {
  describe("keys and transactions", () => keysAndTransactions(useSession(start)));
  describe("leases", () => leasesAndTheirKeys(useSession(start)));
  describe("watches", () => watches(useSession(start)));
  describe("faults", () => faults(useSession(start)));
  describe("the etcd3 client", () => etcd3Client(useSession(start)));
});

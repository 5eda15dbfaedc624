import { type EtcdBackend, etcdBackends, findEtcd } from "@rollcall/testing";
import { describe, test } from "vitest";
import { needsRealEtcd } from "./needs-real-etcd.js";

/**
 * Runs one suite against the embedded etcd and against a real one. Without a real one its half is skipped, and
 * counted at the end of the run (test/loud-skips.ts); with ROLLCALL_REQUIRE_ETCD=1 it fails instead.
 */
export function describeEtcd(name: string, suite: (start: EtcdBackend["start"]) => void): void {
  for (const backend of etcdBackends()) {
    describe(`${name} [${backend.name} etcd]`, () => suite(() => backend.start()));
  }
  if (findEtcd() === undefined) withoutRealEtcd(name);
}

/** Stands for a suite that needs a real etcd where there is none. */
export function withoutRealEtcd(name: string): void {
  test.runIf(process.env["ROLLCALL_REQUIRE_ETCD"] === "1")(`${name} ${needsRealEtcd}`, () => {
    throw new Error("ROLLCALL_REQUIRE_ETCD=1 and no real etcd on this machine: run scripts/get-etcd");
  });
}

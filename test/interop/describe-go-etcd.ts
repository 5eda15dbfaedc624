import { findEtcd, startEtcd, type EtcdProcess } from "@rollcall/testing";
import { afterEach, beforeEach } from "vitest";
import { withoutRealEtcd } from "../etcd/describe-etcd.js";
import { describeGo } from "./describe-go.js";

/** Runs a suite that needs the Go program and a real etcd, a new one for each test, for what was killed stays in it for a while; each of them may be missing as its own suites say. */
export async function describeGoEtcd(
  name: string,
  suite: (binary: string, etcd: () => EtcdProcess) => void,
): Promise<void> {
  if (findEtcd() === undefined) return withoutRealEtcd(name);
  await describeGo(name, (binary) => {
    let etcd: EtcdProcess;
    beforeEach(async () => {
      etcd = await startEtcd();
    });
    afterEach(() => etcd.close());
    suite(binary, () => etcd);
  });
}

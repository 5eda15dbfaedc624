import type { TestProject } from "vitest/node";
import { needsRealEtcd } from "./etcd/needs-real-etcd.js";

/** Says at the end of the run how many suites went without a real etcd, so that nobody takes green for all. */
export default function loudSkips({ vitest }: TestProject): () => void {
  return () => {
    const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests("skipped")]);
    const suites = tests.filter(({ name }) => name.endsWith(needsRealEtcd)).length;
    if (suites > 0) console.warn(`SKIPPED: ${suites} real-etcd suites; get one: scripts/get-etcd`);
  };
}

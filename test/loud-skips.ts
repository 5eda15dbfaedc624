import type { TestProject } from "vitest/node";
import { needsRealEtcd } from "./etcd/needs-real-etcd.js";
import { needsForRow } from "./faults/needs-for-row.js";
import { needsGo } from "./interop/needs-go.js";

/** What a machine may lack: how the tests that need it end their names, and what to call them. */
const lacking = [
  { mark: needsRealEtcd, suites: "real-etcd suites; get one: scripts/get-etcd" },
  { mark: needsGo, suites: "suites with Go; get it: https://go.dev/dl/" },
  { mark: needsForRow, suites: "rows of the fault matrix; their names say what is lacking" },
];

/** Says at the end of the run how many suites went without what they need, so that nobody takes green for all. */
export default function loudSkips(project: TestProject): () => void {
  return () => {
    const skipped = project.vitest.state
      .getTestModules()
      .filter((module) => module.project === project)
      .flatMap((module) => [...module.children.allTests("skipped")]);
    for (const { mark, suites } of lacking) {
      const count = skipped.filter(({ name }) => name.endsWith(mark)).length;
      if (count > 0) console.warn(`SKIPPED: ${count} ${suites}`);
    }
  };
}

import { parseArgs } from "node:util";
import { leave } from "../processes/leave.js";
import { sectionText, type Section } from "../section.js";
import { measureDiscovery } from "./discovery-time.js";
import { measureMemory } from "./memory-use.js";
import { discoverySection, memorySection, stopSection } from "./sections.js";
import { measureStops } from "./stop-time.js";

const usage = `bench:fleet [--json] [--only <a,b>] [--times <n>]

What a fleet of Rollcall processes takes, with an embedded etcd: how long after SIGTERM an instance still gets calls, how long
after its registration it gets the first, and the memory of idle instances and of clients with 10 and 1,000 endpoints. About
3 minutes.

  --json    one JSON document instead of tables
  --only    some of: stop, discovery, memory
  --times   stops; discovery is measured five times as often; default 20`;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", default: "stop,discovery,memory" },
    times: { type: "string", default: "20" },
    help: { type: "boolean", short: "h", default: false },
  },
});

async function measure(signal: AbortSignal): Promise<void> {
  const times = Math.max(1, Number.parseInt(values.times, 10) || 20);
  const all: Readonly<Record<string, () => Promise<Section>>> = {
    stop: async () => stopSection(await measureStops(times, signal)),
    discovery: async () => discoverySection(await measureDiscovery(times * 5, signal)),
    memory: async () => memorySection(await measureMemory([10, 1_000], signal)),
  };
  const names = values.only.split(",");
  const unknown = names.find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined)
    throw new Error(`--only has ${JSON.stringify(unknown)}; allowed: ${Object.keys(all).join(", ")}`);
  const sections: Section[] = [];
  for (const name of names) {
    const section = await all[name]!();
    sections.push(section);
    if (!values.json) console.log(sectionText(section));
  }
  if (values.json) console.log(JSON.stringify(sections));
}

const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupt.abort());
if (values.help) console.log(usage);
else
  await measure(interrupt.signal).catch((error: Error) => {
    console.error(interrupt.signal.aborted ? "interrupted" : `bench:fleet: ${error.message}`);
    process.exitCode = interrupt.signal.aborted ? 130 : 1;
  });
leave();

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pickFigures, type PickRow } from "../balancer/pick-figures.js";
import { siblingOf } from "../processes/sibling.js";
import type { Section } from "../section.js";

/** What is measured beside calls, by the programs that measure it. */
export async function otherFigures(signal: AbortSignal): Promise<readonly Section[]> {
  const { rows } = await measured<{ readonly rows: readonly PickRow[] }>("../balancer/main", signal);
  const fleet = await measured<readonly Section[]>("../fleet/main", signal);
  const picks: Section = {
    title: "Picks",
    text: "Nanoseconds per pick of each balancing policy, by number of endpoints, the best of many short rounds; and the bytes that a pick allocates, at most.",
    figures: pickFigures(rows),
  };
  return [picks, ...fleet];
}

async function measured<T>(program: string, signal: AbortSignal): Promise<T> {
  const script = fileURLToPath(siblingOf(import.meta.url, program));
  const args = [...process.execArgv, "--expose-gc", script, "--json"];
  // SIGTERM, at which a program ends what it has started.
  const { stdout } = await promisify(execFile)(process.execPath, args, { signal, maxBuffer: 2 ** 24 });
  return JSON.parse(stdout) as T;
}

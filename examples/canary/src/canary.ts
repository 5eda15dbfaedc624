import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startRegistry } from "@rollcall/testing";
import { startCaller, startFleet, type MemberStart, type ProcessCommand } from "@rollcall/testing/fleet";
import { Catalogue } from "./gen/catalogue/v1/catalogue.js";
import { rollcall } from "./rollout-command.js";
import type { ShareTally } from "./share-tally.js";
import { faults, jsonLine, table, type Scenario } from "./summary.js";

const stable = "1.0.0";
const canary = "2.0.0";
/** Beyond this the rollout hangs. */
const mostMs = 120_000;

/** Quick steps for a demo: a release takes minutes or hours between its steps. */
const plan = [
  ["--to", canary],
  ["--steps", "10,50,100"],
  ["--interval", "3s"],
  ["--min-samples", "100"],
  ["--max-error-rate", "1%"],
  ["--max-p99-ratio", "4"],
].flat();

/** Two versions of the catalogue under load and a rollout between them, until it has ended. */
async function run(
  scenario: Scenario,
  note: (line: string) => void,
  signal: AbortSignal,
): Promise<ShareTally> {
  await using registry = await startRegistry();
  note(`registry: ${registry.kind} at ${registry.url}`);
  const shared = { ROLLCALL_REGISTRY: registry.url, ROLLCALL_HOST: "127.0.0.1", ROLLCALL_LOG_FORMAT: "json" };
  const fleet = (version: string, env: Record<string, string>) =>
    startFleet({
      size: 2,
      name: `catalogue-${version}`,
      command: ({ port }: MemberStart) =>
        script("service.js", { ...shared, ...env, ROLLCALL_PORT: `${port}`, ROLLCALL_VERSION: version }),
    });

  signal.throwIfAborted();
  await using _old = await fleet(stable, {});
  signal.throwIfAborted();
  await using caller = await startCaller(script("caller.js", { ...shared, CANARY_VERSION: canary }));
  let tally: ShareTally = { steps: [], failedOnCanary: 0, failedElsewhere: 0 };
  caller.process.onMessage((message) => {
    if (isTally(message)) tally = message.tally;
  });
  note(`2 instances of ${stable}, 200 calls a second`);
  await sleep(1_000, undefined, { signal });

  const bug = scenario === "sick" ? "on" : "off";
  await using _new = await fleet(canary, {
    ROLLCALL_WEIGHT: "0",
    ROLLCALL_TRACK: "canary",
    CATALOGUE_BUG: bug,
  });
  note(`2 instances of ${canary}, its bug ${bug}, which wait for a rule`);
  await sleep(1_000, undefined, { signal });

  note(await rollcall(registry.url, "rollout", "start", Catalogue.name, ...plan));
  let percent: number | undefined;
  for (const endsMs = Date.now() + mostMs; tally.outcome === undefined && Date.now() < endsMs;) {
    await sleep(100, undefined, { signal });
    const now = tally.steps.at(-1)?.[0];
    if (now !== percent) note(`${canary} at ${now} %`);
    percent = now;
  }
  // A little longer, to see that it stays so.
  await sleep(2_000, undefined, { signal });
  note(await rollcall(registry.url, "log", Catalogue.name));
  await caller.finish();
  return tally;
}

function isTally(message: unknown): message is { readonly tally: ShareTally } {
  return typeof message === "object" && message !== null && "canary" in message;
}

function script(name: string, env: Record<string, string>): ProcessCommand {
  return { args: ["--enable-source-maps", fileURLToPath(new URL(name, import.meta.url))], env };
}

/** @returns the exit code: 0 as expected, 1 not, 2 could not run, 130 interrupted */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { scenario: { type: "string", default: "healthy" }, json: { type: "boolean", default: false } },
  });
  const { scenario, json } = values;
  if (scenario !== "healthy" && scenario !== "sick") {
    process.stderr.write(`--scenario is "${scenario}"; allowed: healthy, sick\n`);
    return 2;
  }
  const out = json ? process.stderr : process.stdout;
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) process.exit(130);
      out.write(`${signal}: ending everything (once more to do it at once)\n`);
      interrupt.abort(new Error("interrupted"));
    });
  }
  try {
    const tally = await run(scenario, (line) => void out.write(`${line.trimEnd()}\n`), interrupt.signal);
    const found = faults(scenario, tally);
    process.stdout.write(json ? `${jsonLine(scenario, tally)}\n` : `\n${table(tally)}\n`);
    for (const each of found) process.stderr.write(`${each}\n`);
    return found.length === 0 ? 0 : 1;
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 2;
  }
}

process.exit(await main());

import { parseArgs } from "node:util";
import type { Cell } from "./contender.js";
import { kindNames } from "./kinds/index.js";

export const usage = `bench [--quick] [--json] [--kinds <a,b>] [--rounds <n>] [--ms <n>] [--out <file>]

Unary calls, as a caller and a server in two processes make them: calls per second, latency, CPU time and memory on both
sides, as medians of rounds in which all kinds take turns. Then the other figures: of picks, stops, discovery and memory.
Without options it takes about 15 minutes and writes bench/RESULTS.md.

  --quick     100 bytes, 1 and 64 calls at once, 3 short rounds, no other figures: under 3 minutes
  --json      ends with one line: {"ratios":{"lane@64":x,...}}, to grpc-js in the same run; tables go to standard error
  --kinds     only these, beside grpc-js: ${kindNames.join(", ")}
  --rounds    default 5, or 3
  --ms        of one round of one kind; default 2000, or 1000
  --out       writes the page of results there; other figures are in it only if nothing else was said

  npx -y pnpm@12 bench --quick --kinds lane,plain      nothing to install
  npx -y pnpm@12 bench --out results.md`;

/** What is to be measured. */
export interface BenchOptions {
  readonly json: boolean;
  /** Everything, as long as it takes: what the page of results is made of. */
  readonly whole: boolean;
  /** All of them, or those that were asked for by name. */
  readonly kinds: readonly string[];
  readonly named: boolean;
  readonly rounds: number;
  readonly ms: number;
  readonly cells: readonly Cell[];
  /** Where the page of results goes; undefined: it is not written. */
  readonly out: string | undefined;
}

/** An option that cannot be. */
export class OptionError extends Error {}

/**
 * @param page where it goes after a run of everything
 * @returns undefined when help is asked for
 * @throws OptionError with what is allowed
 */
export function readOptions(args: readonly string[], page: string): BenchOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const { quick, json } = values;
  const whole = !quick && [values.kinds, values.rounds, values.ms].every((each) => each === undefined);
  return {
    json,
    whole,
    kinds: readKinds(values.kinds),
    named: values.kinds !== undefined,
    rounds: readCount("rounds", values.rounds, quick ? 3 : 5),
    ms: readCount("ms", values.ms, quick ? 1_000 : 2_000),
    cells: (quick ? [100] : [100, 4_096]).flatMap((bytes) =>
      (quick ? [1, 64] : [1, 64, 1_024]).map((concurrency) => ({ bytes, concurrency })),
    ),
    // Part of the picture would replace the whole.
    out: values.out ?? (whole ? page : undefined),
  };
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- parseArgs' types follow from its argument
function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        kinds: { type: "string" },
        rounds: { type: "string" },
        ms: { type: "string" },
        out: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new OptionError((error as Error).message);
  }
}

function readKinds(text: string | undefined): readonly string[] {
  if (text === undefined) return kindNames;
  const named = text.split(",").map((each) => each.trim());
  const unknown = named.find((each) => !kindNames.includes(each));
  if (unknown !== undefined)
    throw new OptionError(`--kinds has ${JSON.stringify(unknown)}; allowed: ${kindNames.join(", ")}`);
  return kindNames.filter((kind) => kind === "grpc-js" || named.includes(kind));
}

function readCount(name: string, text: string | undefined, otherwise: number): number {
  const count = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 600_000)
    throw new OptionError(`--${name} is ${JSON.stringify(text)}; allowed: a whole number from 1 to 600000`);
  return count;
}

import { unlessAborted } from "@rollcall/core";
import type { CliEnv } from "../cli-env.js";
import { ExitCode, ExitError } from "../exit-code.js";
import { paintWith } from "../output/paint.js";
import { toJson } from "../output/printable.js";
import { rolloutLine, rolloutLines } from "../output/rollout-lines.js";
import type { Terminal } from "../terminal.js";
import { statusJson, type RolloutStatus } from "./rollout-status.js";

/** How often a view is drawn anew. */
const everyMs = 1000;
/** Where nothing can be redrawn, a line that says nothing new is written this often. */
const quietMs = 30_000;

export interface FollowOptions {
  /** Reads what is to be shown. */
  readonly read: () => Promise<readonly RolloutStatus[]>;
  /** Ends the view when true. Default: only Ctrl-C does. */
  readonly isOver?: ((statuses: readonly RolloutStatus[]) => boolean) | undefined;
  readonly terminal: Terminal;
  readonly env: CliEnv;
  readonly json: boolean;
}

/**
 * Shows rollouts once a second: redrawn in a terminal, lines elsewhere, JSON lines when asked. A registry that does not
 * answer for a while does not end the view.
 * @returns what was shown last; undefined when there was nothing yet
 */
export async function follow({ read, isOver, terminal, env, json }: FollowOptions): Promise<{
  readonly statuses: readonly RolloutStatus[] | undefined;
  readonly interrupted: boolean;
}> {
  const stop = new AbortController();
  const release = env.onInterrupt(() => stop.abort(new Error("interrupted")));
  const show = json
    ? jsonView(terminal, env)
    : terminal.screen
      ? screenView(terminal, env)
      : lineView(terminal, env);
  let statuses: readonly RolloutStatus[] | undefined;
  try {
    while (!stop.signal.aborted) {
      const answer = await unlessAborted(answerOf(read), stop.signal);
      if (!answer) break;
      statuses = answer.statuses ?? statuses;
      show(statuses ?? [], answer.fault);
      if (answer.statuses && isOver?.(answer.statuses)) return { statuses, interrupted: false };
      await unlessAborted(
        env.clock.sleep(everyMs, stop.signal).catch(() => {}),
        stop.signal,
      );
    }
    return { statuses, interrupted: true };
  } finally {
    release();
    terminal.screen?.keep();
  }
}

interface Answer {
  readonly statuses?: readonly RolloutStatus[];
  readonly fault?: string;
}

async function answerOf(read: () => Promise<readonly RolloutStatus[]>): Promise<Answer> {
  try {
    return { statuses: await read() };
  } catch (error) {
    if (error instanceof ExitError && error.exitCode === ExitCode.unreachable)
      return { fault: error.message };
    throw error;
  }
}

type View = (statuses: readonly RolloutStatus[], fault: string | undefined) => void;

function jsonView({ out, err }: Terminal, { clock }: CliEnv): View {
  return (statuses, fault) => {
    if (fault !== undefined) return err(fault);
    for (const each of statuses) out(toJson(statusJson(each, Math.round(clock.now()))));
  };
}

function screenView({ screen }: Terminal, { clock }: CliEnv): View {
  const paint = paintWith(screen?.color === true);
  return (statuses, fault) => {
    const lines = statuses.flatMap((each) => [...rolloutLines(each, clock.now(), paint), ""]);
    if (statuses.length === 0) lines.push("no rollouts");
    screen?.redraw([...lines, ...(fault === undefined ? [] : [paint("red", fault)])].join("\n"));
  };
}

function lineView({ out, err }: Terminal, { clock }: CliEnv): View {
  const shown = new Map<string, { readonly news: string; readonly at: number }>();
  let lastFault: string | undefined;
  return (statuses, fault) => {
    if (fault !== undefined && fault !== lastFault) err(fault);
    lastFault = fault;
    for (const each of fault === undefined ? statuses : []) {
      const { service, policy, release } = each;
      const awaited = release?.analysis.verdict;
      const news = JSON.stringify([policy?.gen, release?.controller, awaited?.kind]);
      const before = shown.get(service);
      if (before?.news === news && clock.now() - before.at < quietMs) continue;
      shown.set(service, { news, at: clock.now() });
      out(rolloutLine(each));
    }
  };
}

import { exitText, type Member } from "@rollcall/testing/fleet";
import type { Stage } from "./stage.js";

/** For the caller to report twice. */
const sampleMs = 600;

/** The member that most calls go to now: what happens to one that gets none would show nothing. */
export async function busiest({ fleet, caller, clock, signal }: Stage): Promise<Member> {
  const before = caller.progress.byInstance;
  await clock.sleep(sampleMs, signal);
  const now = caller.progress.byInstance;
  const calls = ({ name }: Member): number => (now[name]?.calls ?? 0) - (before[name]?.calls ?? 0);
  return fleet.members.toSorted((a, b) => calls(b) - calls(a))[0]!;
}

/** Ends a member as a deploy does, and starts its successor. An exit code other than 0 is a problem, not the drill's end. */
export async function restart(stage: Stage, member: Member, port: "same" | "new"): Promise<void> {
  const { timeline, recorder, signal } = stage;
  signal.throwIfAborted();
  timeline.note("it got SIGTERM", member.name);
  const exit = await member.stop();
  timeline.note(`it ended with ${exitText(exit)}`, member.name);
  if (exit.code !== 0)
    stage.problem(`${member.name} ended with ${exitText(exit)} after SIGTERM${hint(exit)}`);
  recorder.restarted();
  await start(stage, member, port);
}

/** Kills a member without a warning. */
export async function kill({ timeline, recorder, signal }: Stage, member: Member): Promise<void> {
  signal.throwIfAborted();
  timeline.note("it got SIGKILL", member.name);
  await member.kill();
  recorder.killed();
}

/** Starts a member's next process. */
export async function start(
  { timeline, signal }: Stage,
  member: Member,
  port: "same" | "new",
): Promise<void> {
  signal.throwIfAborted();
  await member.start(port);
  timeline.note("it came back", member.name);
}

/** Stops a member from running, with its connections open, for a while. */
export async function hang(stage: Stage, member: Member, forMs: number): Promise<void> {
  const { timeline, clock, signal } = stage;
  signal.throwIfAborted();
  timeline.note("it was stopped by SIGSTOP", member.name);
  member.current.signal("SIGSTOP");
  try {
    await clock.sleep(forMs, signal);
  } finally {
    member.current.signal("SIGCONT");
    timeline.note("it went on after SIGSTOP", member.name);
  }
}

function hint({ code, signal }: { readonly code: number | null; readonly signal: string | null }): string {
  if (signal === "SIGKILL") return "; it did not end by itself in time";
  if (signal === "SIGTERM" || code === 143)
    return "; nothing handles the signal: run the service by node itself, not by npm or a shell, and end main with app.run()";
  return "";
}

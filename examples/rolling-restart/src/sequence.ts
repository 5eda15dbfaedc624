import { setTimeout as sleep } from "node:timers/promises";
import type { CallerProcess, Fleet, Member, ReceiptRecorder } from "@rollcall/testing/fleet";

export interface Cast {
  readonly fleet: Fleet;
  readonly caller: CallerProcess;
  readonly recorder: ReceiptRecorder;
  /** Ends the sequence, whatever it is doing. */
  readonly signal: AbortSignal;
  note(line: string): void;
}

/** For calls in hand to end before a step, so that they count for the one they were made in. */
const settleMs = 200;

/** What the demo does to the fleet; about 20 s. Rejects with the signal's reason as soon as it aborts. */
export async function runSequence(cast: Cast): Promise<void> {
  const { signal } = cast;
  const interrupted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  const sequence = steps(cast);
  // Left behind by an interruption it fails when the fleet is closed under it.
  sequence.catch(() => {});
  await Promise.race([sequence, interrupted]);
}

async function steps(cast: Cast): Promise<void> {
  const { fleet, recorder } = cast;
  await step(cast, "steady", "3 instances, nothing happens");
  await pause(cast, 2000);

  await step(cast, "rolling restart 1", "each instance is restarted by SIGTERM and comes back on its port");
  for (const member of fleet.members) await restart(cast, member, "same");
  await step(
    cast,
    "rolling restart 2",
    "each instance is restarted by SIGTERM and comes back on another port",
  );
  for (const member of fleet.members) await restart(cast, member, "new");

  await step(cast, "kill", "one instance is killed by SIGKILL");
  await pause(cast, settleMs);
  const [victim] = fleet.members;
  await victim?.kill();
  recorder.killed();
  await pause(cast, 1000);
  await victim?.start();
  await pause(cast, 500);

  await step(cast, "scale out", "a 4th instance is added");
  const fourth = await fleet.add();
  await pause(cast, 1500);
  await step(cast, "scale in", "the 4th instance is removed");
  await fleet.remove(fourth);
  await pause(cast, 500);

  await step(cast, "restart of all", "all instances are restarted at once: calls have to wait", true);
  await Promise.all(fleet.members.map((member) => restart(cast, member, "same")));
  await pause(cast, 500);
  await step(cast, "after", "3 instances, nothing happens");
  await pause(cast, 1000);
}

async function step(cast: Cast, name: string, what: string, outage = false): Promise<void> {
  cast.signal.throwIfAborted();
  await cast.caller.step(name, { outage });
  cast.note(`${name}: ${what}`);
}

async function restart(cast: Cast, member: Member, port: "same" | "new"): Promise<void> {
  cast.signal.throwIfAborted();
  await member.restart({ port });
  cast.recorder.restarted();
}

async function pause({ signal }: Cast, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal });
}

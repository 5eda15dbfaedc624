import { formatDuration } from "../duration.js";
import { busiest, hang, kill, restart, start } from "./instance-actions.js";
import type { Stage } from "./stage.js";

/** One thing that a drill does to the fleet while calls are made. */
export interface DrillStep {
  /** As `--steps` takes it. */
  readonly name: string;
  readonly what: string;
  /** Nobody can serve for a while, on purpose. Calls have to wait, and still none may be dropped. */
  outage?(instances: number): boolean;
  /** Why it cannot be done here; undefined when it can. */
  unfit?(stage: Stage): string | undefined;
  /** A call in the hands of an instance may never be answered: only those that may run twice have a right answer then. */
  readonly lethal?: true;
  run(stage: Stage, untilMs: number): Promise<void>;
}

/** After a crash, before the next process is started, as an orchestrator would take; and between two rounds. */
const pauseMs = 1000;
/** A hung process is found after 0.5 s, and its record goes with its lease; both are to be seen. */
const longestHangMs = 5000;
/** What is left of a step must be enough to see what another round does. */
const roundMs = 4000;

const mayRunTwice = ({ repeatable }: Stage): string | undefined =>
  repeatable
    ? undefined
    : "no call of the drill may run twice, so one in the hands of such a process has no right answer; " +
      "give an idempotent one by --call (option idempotency_level in its proto)";

const alone = (instances: number): boolean => instances < 2;

export const drillSteps: readonly DrillStep[] = [
  {
    name: "steady",
    what: "nothing happens",
    run: restOf,
  },
  {
    name: "rolling-restart",
    what: "one instance after the other is restarted by SIGTERM, on its port and on another one in turn",
    outage: alone,
    async run(stage, untilMs) {
      for (let round = 0; round === 0 || left(stage, untilMs) > roundMs; round++) {
        for (const member of stage.fleet.members)
          await restart(stage, member, round % 2 === 0 ? "same" : "new");
        await stage.clock.sleep(pauseMs, stage.signal);
      }
      await restOf(stage, untilMs);
    },
  },
  {
    name: "restart-all",
    what: "all instances are restarted at once: calls have to wait",
    outage: () => true,
    async run(stage, untilMs) {
      await Promise.all(stage.fleet.members.map((member) => restart(stage, member, "same")));
      await restOf(stage, untilMs);
    },
  },
  {
    name: "kill",
    what: "the busiest instance is killed by SIGKILL, and comes back a second later",
    outage: alone,
    unfit: mayRunTwice,
    lethal: true,
    async run(stage, untilMs) {
      for (let round = 0; round === 0 || left(stage, untilMs) > roundMs; round++) {
        const member = await busiest(stage);
        await kill(stage, member);
        await stage.clock.sleep(pauseMs, stage.signal);
        await start(stage, member, "same");
        await stage.clock.sleep(pauseMs, stage.signal);
      }
      await restOf(stage, untilMs);
    },
  },
  {
    name: "hang",
    what: "the busiest instance stops answering, by SIGSTOP, and goes on later",
    outage: alone,
    unfit: mayRunTwice,
    lethal: true,
    async run(stage, untilMs) {
      const forMs = Math.min(longestHangMs, Math.max(pauseMs, left(stage, untilMs) / 2));
      await hang(stage, await busiest(stage), forMs);
      await restOf(stage, untilMs);
    },
  },
  {
    name: "etcd-outage",
    what: "the registry stops answering, comes back, and an instance is restarted",
    unfit: ({ registry }) =>
      registry.outage ? undefined : "the registry is not the drill's own; leave out --registry to have it",
    async run(stage, untilMs) {
      const { registry, timeline, clock, signal, fleet } = stage;
      const forMs = Math.max(pauseMs, left(stage, untilMs) / 2);
      timeline.note(`the registry stopped answering for ${formatDuration(forMs)}`);
      await registry.outage?.pause();
      try {
        await clock.sleep(forMs, signal);
      } finally {
        registry.outage?.resume();
        timeline.note("the registry answered again");
      }
      await restart(stage, fleet.members[0]!, "same");
      await restOf(stage, untilMs);
    },
  },
];

/** The names of the lethal ones. */
export const lethalSteps: ReadonlySet<string> = new Set(
  drillSteps.filter(({ lethal }) => lethal).map(({ name }) => name),
);

function left({ clock }: Stage, untilMs: number): number {
  return untilMs - clock.now();
}

async function restOf(stage: Stage, untilMs: number): Promise<void> {
  const ms = left(stage, untilMs);
  if (ms > 0) await stage.clock.sleep(ms, stage.signal);
}

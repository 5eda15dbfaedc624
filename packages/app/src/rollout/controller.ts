import type { Clock, Feed, Leadership, Rollout, RolloutStore, Snapshot, StoredPolicy } from "@rollcall/core";
import type { Logger } from "pino";
import { analyse, type Verdict } from "./analysis.js";
import { campaign } from "./campaign.js";
import { decide } from "./decide.js";
import { FaultRow } from "./fault-row.js";
import { isActive, type RolloutInForce } from "./plan.js";
import { askStore } from "./store-request.js";

/** What a rollout controller works with. */
export interface ControllerEnv {
  readonly service: string;
  /** Who this is, in the registry and in the policy's `by`: the app and the instance. */
  readonly candidate: string;
  /** Tells when a rollout begins and ends; what is decided by is read from the store. */
  readonly feed: Feed<Snapshot>;
  readonly store: RolloutStore;
  readonly clock: Clock;
  random(): number;
  readonly logger: Logger;
}

/** Between two looks at the reports, up to twice as long. */
const lookMs = 1_000;
/** Before reading again what somebody else has changed, up to twice as long. */
const againMs = 100;
/** Resigning must not hold up the end of a process: without it the leadership ends with its lease. */
const resignMs = 500;

/** What a look led to; `lost`: somebody else is in charge by now. */
type Look = "over" | "lost" | "again" | "later";

/**
 * Runs the rollouts of one service, together with the controllers of the same service in other processes: while a rollout
 * is running or paused, one of them is in charge and takes each step by a compare-and-set that its leadership guards. All
 * that it decides by is in the registry, so any of them goes on where another one died. While a rollout is paused nothing
 * is promoted; a sick version is aborted all the same.
 */
export class RolloutController {
  readonly #env: ControllerEnv;
  readonly #faults: FaultRow;
  #seen: { readonly step: string; readonly atMs: number } | undefined;
  #awaited = "";

  constructor(env: ControllerEnv) {
    this.#env = env;
    this.#faults = new FaultRow(env.logger, `requests for the rollout of ${env.service}`, env.random);
  }

  /** Runs until the signal aborts, and has resigned then, or given it up after 500 ms. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#env;
    try {
      for (;;) {
        await this.#begun(signal);
        let pauseMs = lookMs * (1 + random());
        try {
          await this.#takePart(signal);
        } catch (error) {
          signal.throwIfAborted();
          pauseMs = this.#faults.failed(error);
        }
        // The feed may be behind what was just read or written.
        await clock.sleep(pauseMs, signal);
      }
    } catch (error) {
      if (!signal.aborted)
        this.#env.logger.error({ err: error, service: this.#env.service }, "rollout controller ended");
    }
  }

  async #begun(signal: AbortSignal): Promise<void> {
    const { feed } = this.#env;
    let { current } = feed;
    while (!isActive(current?.policy?.rollout)) current = await feed.next(current, signal);
  }

  async #takePart(signal: AbortSignal): Promise<void> {
    const { service, clock, logger } = this.#env;
    const leadership = await campaign(this.#env, signal);
    this.#faults.recovered();
    if (!leadership) return;
    logger.info({ service }, "in charge of the rollout");
    try {
      await this.#lead(leadership, AbortSignal.any([signal, leadership.lost]));
    } catch (error) {
      signal.throwIfAborted();
      if (!leadership.lost.aborted) throw error;
      logger.warn({ service }, "no longer in charge of the rollout: the leadership was lost");
    } finally {
      const { signal: unending } = new AbortController();
      await askStore(clock, unending, () => leadership.resign(), resignMs).catch(() => {});
    }
  }

  /** Resolves when the rollout is over, or in the charge of somebody else; rejects when the signal aborts. */
  async #lead(leadership: Leadership, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#env;
    for (;;) {
      let pauseMs = lookMs * (1 + random());
      try {
        const look = await this.#look(leadership, signal);
        this.#faults.recovered();
        if (look === "over" || look === "lost") return;
        if (look === "again") pauseMs = againMs * (1 + random());
      } catch (error) {
        signal.throwIfAborted();
        pauseMs = this.#faults.failed(error);
      }
      await clock.sleep(pauseMs, signal);
    }
  }

  async #look(leadership: Leadership, signal: AbortSignal): Promise<Look> {
    const { service, candidate, store, clock, logger } = this.#env;
    const stored = await askStore(clock, signal, (bounded) => store.read(service, bounded));
    if (!stored.policy) return this.#withoutPolicy(stored);
    const { rollout } = stored.policy;
    if (!isActive(rollout)) return "over";
    const policy: RolloutInForce = { ...stored.policy, rollout };

    const reports = await askStore(clock, signal, (bounded) => store.reports(service, bounded));
    const { verdict } = analyse(rollout, reports, this.#nowFor(rollout));
    if (verdict.kind === "wait") this.#logWait(rollout, verdict);
    const at = Math.floor(clock.now());
    const next = decide(service, policy, verdict, { by: candidate, at });
    if (!next) return "later";

    const change = { service, revision: stored.revision, policy: next };
    const result = await askStore(clock, signal, (bounded) =>
      store.compareAndSet([change], bounded, leadership),
    );
    const line = { service, rollout: rollout.id, to: rollout.to, reason: next.reason };
    if (!result.won) {
      const now = result.current.find((each) => each.service === service);
      if (now?.revision === stored.revision) {
        logger.warn(line, "rollout: not in charge any more");
        return "lost";
      }
      logger.info(line, "rollout: the policy was changed by somebody else, reading it again");
      return "again";
    }
    if (next.rollout.state === "aborted") logger.warn(line, "rollout aborted");
    else logger.info(line, next.rollout.state === "promoted" ? "rollout promoted" : "rollout: next step");
    return isActive(next.rollout) ? "later" : "over";
  }

  /** Missing, it is put back by whoever remembers it; damaged, it is an operator's. */
  #withoutPolicy({ fault }: StoredPolicy): Look {
    const reason = fault === undefined ? "the document is missing" : `the document ${fault}`;
    this.#logOnce(reason, { reason });
    return "later";
  }

  #logWait(rollout: Rollout, { for: awaited }: Extract<Verdict, { kind: "wait" }>): void {
    const key = `${rollout.id} ${rollout.step} ${awaited.map(({ what }) => what).join(",")}`;
    const reason = awaited.map(({ detail }) => detail).join("; ");
    this.#logOnce(key, { rollout: rollout.id, to: rollout.to, step: rollout.step, reason });
  }

  /** What is waited for changes its numbers at each look; a line is due when it is something else. */
  #logOnce(key: string, line: object): void {
    const level = key === this.#awaited ? "debug" : "info";
    this.#awaited = key;
    this.#env.logger[level]({ service: this.#env.service, ...line }, "rollout waits");
  }

  /** A step that began in the future of this machine's clock has lasted at least as long as it was seen to. */
  #nowFor({ id, step, state, stepAt }: Rollout): number {
    const nowMs = this.#env.clock.now();
    const seen = `${id} ${step} ${state} ${stepAt}`;
    if (this.#seen?.step !== seen) this.#seen = { step: seen, atMs: nowMs };
    return Math.max(nowMs, stepAt + nowMs - this.#seen.atMs);
  }
}

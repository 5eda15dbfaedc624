import { isNoPick } from "@rollcall/core";
import type {
  BalancerEnv,
  BalancerFactory,
  Balancer,
  Endpoint,
  NoPick,
  Outcome,
  PickArgs,
} from "@rollcall/core";
import { ejectionSettings, type EjectionSettings, type OutlierEjectionOptions } from "./ejection-options.js";
import { EjectionRecord, outliers } from "./ejection-record.js";
import { quotaOf, type EjectionQuota, type HealthAware } from "./healthy-share.js";
import { closedPick, noPick } from "./no-pick.js";

class OutlierEjection implements HealthAware {
  readonly #env: BalancerEnv;
  readonly #inner: Balancer;
  readonly #settings: EjectionSettings;
  /** Ours and those of the other zones. */
  readonly #quota: EjectionQuota;
  #records = new Map<Endpoint, EjectionRecord>();
  #view: readonly Endpoint[] = [];
  /** The ejected, those first that return first. */
  #ejected: readonly EjectionRecord[] = [];
  /** Our part of the quota. */
  #counted = 0;
  #intervalEndsAtMs: number;
  #closed = false;

  constructor(inner: BalancerFactory, env: BalancerEnv, settings: EjectionSettings) {
    this.#env = env;
    this.#inner = inner.create(env);
    this.#settings = settings;
    this.#quota = quotaOf(env);
    this.#intervalEndsAtMs = env.clock.now() + settings.intervalMs;
  }

  get healthyShare(): number {
    return this.#view.length === 0 ? 1 : 1 - this.#ejected.length / this.#view.length;
  }

  trusts(endpoint: Endpoint): boolean {
    return this.#records.get(endpoint)?.endsAtMs === undefined;
  }

  update(view: readonly Endpoint[]): void {
    if (this.#closed) return;
    const records = this.#records;
    this.#quota.endpoints += view.length - this.#view.length;
    this.#view = [...view];
    this.#records = new Map(
      view.map((endpoint) => [endpoint, records.get(endpoint) ?? new EjectionRecord(endpoint)]),
    );
    this.#review(this.#env.clock.now());
  }

  pick(args: PickArgs): Endpoint | NoPick {
    if (this.#closed) return closedPick;
    this.#pass();
    const picked = this.#inner.pick(args);
    return isNoPick(picked) ? this.#lastResort(args.tried) : picked;
  }

  settled(endpoint: Endpoint, outcome: Outcome): void {
    if (this.#closed) return;
    this.#inner.settled?.(endpoint, outcome);
    const nowMs = this.#pass();
    const record = this.#records.get(endpoint);
    if (!record) return;
    record.count(outcome);
    const { consecutiveFailures } = this.#settings;
    if (consecutiveFailures > 0 && record.failuresInARow >= consecutiveFailures && this.#eject(record, nowMs))
      this.#review(nowMs);
  }

  close(): void {
    this.update([]);
    this.#closed = true;
    this.#inner.close();
  }

  /** What time has brought since the last pick: the end of an interval, or of ejections. */
  #pass(): number {
    const nowMs = this.#env.clock.now();
    const { intervalMs, successRate } = this.#settings;
    let due = this.#ejected.length > 0 && nowMs >= (this.#ejected[0]?.endsAtMs ?? 0);
    if (nowMs >= this.#intervalEndsAtMs) {
      this.#intervalEndsAtMs = nowMs + intervalMs;
      const worst = successRate ? outliers(this.#records.values(), successRate) : [];
      for (const record of worst) due = this.#eject(record, nowMs) || due;
      for (const record of this.#records.values()) record.reset();
    }
    if (due) this.#review(nowMs);
    return nowMs;
  }

  /** Returns whether it was; the caller then reviews. */
  #eject(record: EjectionRecord, nowMs: number): boolean {
    if (record.endsAtMs !== undefined) return false;
    if (this.#quota.ejected >= this.#most()) return false;
    record.eject(nowMs, this.#settings);
    this.#account(this.#counted + 1);
    return true;
  }

  #most(): number {
    return Math.max(1, Math.floor((this.#quota.endpoints * this.#settings.maxEjectionPercent) / 100));
  }

  /** Lets those return whose time is over, or for whom a smaller view has no room, and tells the policy who is left. */
  #review(nowMs: number): void {
    const out = [...this.#records.values()]
      .filter(({ endsAtMs }) => endsAtMs !== undefined)
      .sort((a, b) => (a.endsAtMs as number) - (b.endsAtMs as number));
    const over = out.filter(({ endsAtMs }) => (endsAtMs as number) <= nowMs).length;
    this.#account(out.length);
    const returning = Math.min(out.length, Math.max(over, this.#quota.ejected - this.#most()));
    for (const record of out.slice(0, returning)) record.readmit();
    this.#ejected = out.slice(returning);
    this.#account(this.#ejected.length);
    const panic = this.healthyShare * 100 < this.#settings.panicPercent;
    this.#inner.update(panic ? this.#view : this.#view.filter((endpoint) => this.trusts(endpoint)));
  }

  #account(ejected: number): void {
    this.#quota.ejected += ejected - this.#counted;
    this.#counted = ejected;
  }

  /** A call does not fail because of an ejection. */
  #lastResort(tried: readonly Endpoint[]): Endpoint | NoPick {
    const nowMs = this.#env.clock.now();
    for (const { endpoint } of this.#ejected)
      if (endpoint.weightAt(nowMs) > 0 && !tried.includes(endpoint)) return endpoint;
    let weighted = 0;
    for (const endpoint of this.#view) if (endpoint.weightAt(nowMs) > 0) weighted++;
    return noPick(this.#view.length, weighted);
  }
}

/**
 * Leaves endpoints out for a while whose attempts fail: after 5 failures in a row at once, and every 10 s those whose
 * success rate is 1.9 standard deviations below the mean of at least 5 endpoints with 100 attempts each. The first time
 * for 30 s, then for 60 s and so on, up to 300 s; each interval without an ejection takes one back.
 *
 * Only the server's faults are failures. Attempts that no handler saw, and cancelled ones, do not count at all. At most
 * 10 % of the view is out, or one endpoint. While less than half of the view is not ejected, ejections are ignored; and
 * a call for which nothing else is left goes to an ejected endpoint rather than nowhere.
 *
 * Counts are kept per endpoint, thus per run of an instance, and forgotten when it leaves the view. An endpoint returns
 * to the policy as a newcomer. Needs no timer: time passes at picks and answers. A pick costs one look at the clock.
 *
 * Sources: gRFC A50, https://github.com/grpc/proposal/blob/master/A50-xds-outlier-detection.md; Envoy for failures in a
 * row and for the panic threshold,
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
 */
export function outlierEjection(
  inner: BalancerFactory,
  options: OutlierEjectionOptions = {},
): BalancerFactory {
  const settings = ejectionSettings(options);
  return {
    name: `outlier-ejection(${inner.name})`,
    create: (env) => new OutlierEjection(inner, env, settings),
  };
}

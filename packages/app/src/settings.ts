import { ConfigError, defaultBusyPollUs, defaultMaxPendingCalls, parseCidr } from "@rollcall/core";
import { balancers } from "@rollcall/balancer";
import { inspect } from "node:util";
import { z } from "zod";

export interface Setting<T> {
  /** The environment variable; it wins over the option. */
  readonly variable: string;
  readonly schema: z.ZodType<T>;
  readonly allowed: string;
  readonly fallback: T;
}

/** One setting for each name of `S`. */
export type SettingsTable<S> = { readonly [K in keyof S]-?: Setting<S[K]> };

export function setting<T>(variable: string, schema: z.ZodType<T>, allowed: string, fallback: T): Setting<T> {
  return { variable, schema, allowed, fallback };
}

/** A list, or one as a variable writes it, with commas. */
export function listOf(item: z.ZodType<string, string>): z.ZodType<readonly string[]> {
  const written = z.string().transform((text) => text.split(",").map((each) => each.trim()));
  return z.union([z.array(item), written.pipe(z.array(item))]);
}

/** A number, or one as a variable writes it. Plain coercion would read blanks, null and lists as 0 too. */
const number = z
  .union([z.number(), z.string().regex(/^\s*[+-]?\d+(\.\d+)?\s*$/)])
  .transform((value) => Number(value));
export const integer = (least: number, most: number): z.ZodType<number> =>
  number.pipe(z.number().int().min(least).max(most));
export const boolean: z.ZodType<boolean> = z.union([
  z.boolean(),
  z.enum(["true", "false"]).transform((value) => value === "true"),
]);
const onOrOff: z.ZodType<boolean> = z.union([
  z.boolean(),
  z.enum(["on", "off"]).transform((value) => value === "on"),
]);
const label = z.string().regex(/^[\w.-]+$/);
const labelValue = z.string().regex(/^[^=,\p{Cc}]{1,256}$/u);
const labels = z.union([
  z.record(labelValue, labelValue),
  z.string().transform((list, ctx) => {
    const pairs = list.split(",").map((pair) => pair.trim().split("="));
    const parsed = z.array(z.tuple([labelValue, labelValue])).safeParse(pairs);
    if (parsed.success) return Object.fromEntries(parsed.data);
    ctx.addIssue("is not a list of labels");
    return z.NEVER;
  }),
]);
const cidr = z.string().refine((text) => {
  try {
    return Boolean(parseCidr(text));
  } catch {
    return false;
  }
});
const day = 86_400_000;
const policies = balancers.map((policy) => policy.name);

/** The options of an app that are words and numbers, checked and complete. Each has a `ROLLCALL_*` variable, which wins. */
export interface Settings {
  /** URL of the registry: `etcd://`, `static://` or `memory://`. Default `etcd://127.0.0.1:2379`. */
  readonly registry: string;
  /** Where the server listens. Default `0.0.0.0`. */
  readonly host: string;
  /** The port of the server. Default 0: any free one. */
  readonly port: number;
  /** `host` or `host:port` as callers reach the server. Default: `host`, or this machine's first external address. */
  readonly advertise: string;
  /** The instance's id, unique within its services. Default: its address. */
  readonly id: string;
  /** The version that runs, which rules and commands choose instances by. Default `0.0.0`. */
  readonly version: string;
  /** What the instance is for, `stable`, `canary` or any other: rules can choose by it. Default `stable`. */
  readonly track: string;
  /** Where the process runs: calls stay in the caller's zone where that has its share of instances. Default none. */
  readonly zone: string;
  /** Relative share of calls; 0 for a canary that waits for its rule. Default 100. */
  readonly weight: number;
  /** What else callers may choose by: `lane=red,team=shop`. Calls on the lane `red` go to instances labelled so. Default none. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * Whether calls come from outside, from callers that may claim anything: then the lane and the key that they bring are
   * dropped. `false` for a service that only trusted services can reach. Default true.
   */
  readonly edge: boolean;
  /**
   * Whether the server answers grpc.reflection.v1: tools such as grpcurl and `rollcall call` then need no proto. Whoever
   * reaches the server sees what it offers. Default false.
   */
  readonly reflection: boolean;
  /**
   * Which addresses of instances clients connect to, as `10.0.0.0/8,fd00::/8`; names count by what they resolve to.
   * Default: all but link-local ones, which are allowed only where a range within those is listed.
   */
  readonly allowedCidrs: readonly string[];
  /** The policy of clients that name none. Default `peak-ewma`. */
  readonly balancer: string;
  /** How many instances of a service a client sends its calls to, the same ones as long as they are there; 0 for all. Default 0. */
  readonly subsetSize: number;
  /** The timeout of calls that say none, in milliseconds. Default 10 000. */
  readonly timeoutMs: number;
  /** Whether clients stop sending calls to what fails anyway: `off` turns every breaker off. Default `on`. */
  readonly breaker: "on" | "off";
  /**
   * Whether unary calls between Rollcall processes go over one stream per connection, at a fraction of gRPC's cost, where
   * both ends have it on: `off` sends each as a stream of its own. Default `on`.
   */
  readonly lane: boolean;
  /**
   * How long a process looks for the next frame of such a stream before it sleeps, in microseconds, where few calls are under
   * way and that has paid before; 0 for never. It makes single calls faster, for some CPU. Default 300.
   */
  readonly busyPollUs: number;
  /** How many calls of one client may wait for an endpoint; more fail at once. Default 10 000. */
  readonly maxPendingCalls: number;
  /**
   * The timeout of calls served that come without a deadline and have one message for an answer, in milliseconds; 0 for
   * none. A method's own `timeoutMs` goes before it. Default 60 000.
   */
  readonly serverTimeoutMs: number;
  /**
   * How long calls to an instance may wait, in milliseconds, with nothing coming back from it, before it is asked whether
   * it lives, and how long it has to answer then. One that does not is left alone until it answers. Default 500; 0 for
   * never.
   */
  readonly hangTimeoutMs: number;
  /** How long the whole of a stop may take, in milliseconds, as Kubernetes means it. Default 30 000. */
  readonly gracePeriodMs: number;
  /**
   * How long callers have to acknowledge that the server stops, in milliseconds; and the time between leaving the registry
   * and closing the server when one that is connected has not, or cannot. Default 500.
   */
  readonly propagationDelayMs: number;
  /** What to do when the registry does not answer: serve and keep trying, or fail. Default `wait`. */
  readonly startup: "wait" | "fail-fast";
  /** How long `fail-fast` waits, in milliseconds. Default 5 000. */
  readonly startupTimeoutMs: number;
  /** The least that is logged. Default `info`. */
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** How lines are written: `auto` is `pretty` in a terminal, else `json`. Default `auto`. */
  readonly logFormat: "auto" | "json" | "pretty";
}

/** Settings as code gives them; what is left out comes from variables, else from its default. */
export type SettingsInput = { readonly [K in keyof Settings]?: Settings[K] | undefined };

export const settingsTable: SettingsTable<Settings> = {
  registry: setting(
    "ROLLCALL_REGISTRY",
    z.string().min(1),
    "etcd://host:port[,host:port], static://..., memory://",
    "etcd://127.0.0.1:2379",
  ),
  host: setting(
    "ROLLCALL_HOST",
    z.string().min(1),
    "an address of this machine, or 0.0.0.0 for all",
    "0.0.0.0",
  ),
  port: setting("ROLLCALL_PORT", integer(0, 65_535), "a port from 1 to 65535, or 0 for any free one", 0),
  advertise: setting(
    "ROLLCALL_ADVERTISE",
    z.string().regex(/^[\w.:[\]%-]*$/),
    "host or host:port as callers reach it",
    "",
  ),
  id: setting("ROLLCALL_INSTANCE_ID", z.string().regex(/^[^/\s]*$/), "a name without slashes and spaces", ""),
  version: setting("ROLLCALL_VERSION", label, "letters, digits, dots, dashes", "0.0.0"),
  track: setting("ROLLCALL_TRACK", label, "letters, digits, dots, dashes", "stable"),
  zone: setting("ROLLCALL_ZONE", z.string().regex(/^[\w.-]*$/), "letters, digits, dots, dashes", ""),
  weight: setting(
    "ROLLCALL_WEIGHT",
    number.pipe(z.number().min(0).max(1_000_000)),
    "a number from 0 to 1000000",
    100,
  ),
  labels: setting("ROLLCALL_LABELS", labels, "name=value,name=value", {}),
  edge: setting("ROLLCALL_EDGE", boolean, "true or false", true),
  reflection: setting("ROLLCALL_REFLECTION", boolean, "true or false", false),
  allowedCidrs: setting("ROLLCALL_ALLOWED_CIDRS", listOf(cidr), "address/bits, as 10.0.0.0/8,fd00::/8", []),
  balancer: setting("ROLLCALL_BALANCER", z.enum(policies), `one of ${policies.join(", ")}`, "peak-ewma"),
  subsetSize: setting(
    "ROLLCALL_SUBSET_SIZE",
    integer(0, 10_000),
    "a number from 1 to 10000, or 0 for all",
    0,
  ),
  timeoutMs: setting("ROLLCALL_TIMEOUT_MS", integer(1, 365 * day), "milliseconds from 1", 10_000),
  breaker: setting("ROLLCALL_BREAKER", z.enum(["on", "off"]), "on or off", "on"),
  lane: setting("ROLLCALL_LANE", onOrOff, "on or off; true or false as an option", true),
  busyPollUs: setting(
    "ROLLCALL_BUSY_POLL_US",
    integer(0, 10_000),
    "microseconds from 1 to 10000, or 0 for never",
    defaultBusyPollUs,
  ),
  maxPendingCalls: setting(
    "ROLLCALL_MAX_PENDING_CALLS",
    integer(0, 1_000_000),
    "a number from 0 to 1000000",
    defaultMaxPendingCalls,
  ),
  serverTimeoutMs: setting(
    "ROLLCALL_SERVER_TIMEOUT_MS",
    integer(0, 365 * day),
    "milliseconds from 1, or 0 for no deadline",
    60_000,
  ),
  hangTimeoutMs: setting(
    "ROLLCALL_HANG_TIMEOUT_MS",
    integer(0, day),
    "milliseconds from 1 to a day, or 0 for never",
    500,
  ),
  gracePeriodMs: setting("ROLLCALL_GRACE_PERIOD_MS", integer(0, day), "milliseconds from 0 to a day", 30_000),
  propagationDelayMs: setting(
    "ROLLCALL_PROPAGATION_DELAY_MS",
    integer(0, 600_000),
    "milliseconds from 0 to 600000",
    500,
  ),
  startup: setting("ROLLCALL_STARTUP", z.enum(["wait", "fail-fast"]), "wait or fail-fast", "wait"),
  startupTimeoutMs: setting(
    "ROLLCALL_STARTUP_TIMEOUT_MS",
    integer(1, day),
    "milliseconds from 1 to a day",
    5_000,
  ),
  logLevel: setting(
    "ROLLCALL_LOG_LEVEL",
    z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]),
    "trace, debug, info, warn, error, fatal or silent",
    "info",
  ),
  logFormat: setting(
    "ROLLCALL_LOG_FORMAT",
    z.enum(["auto", "json", "pretty"]),
    "auto, json or pretty",
    "auto",
  ),
};

/**
 * Every setting by variable, option or default, in this order.
 * @throws ConfigError that names the variable or option, its value and what is allowed
 */
export function readSettings(options: SettingsInput, env: NodeJS.ProcessEnv = process.env): Settings {
  return readTable(settingsTable, options, env);
}

/**
 * What a table says, by variable, option or default, in this order.
 * @param prefix of the options' names in errors
 * @throws ConfigError
 */
export function readTable<S>(
  settings: SettingsTable<S>,
  options: { readonly [K in keyof S]?: S[K] | undefined },
  env: NodeJS.ProcessEnv,
  prefix = "",
): S {
  return Object.fromEntries(
    Object.entries<Setting<any>>(settings).map(([name, each]) => [
      name,
      read(prefix + name, each, options[name as keyof S], env[each.variable]),
    ]),
  ) as S;
}

function read(name: string, each: Setting<any>, option: unknown, variable: string | undefined): unknown {
  // An empty variable is how many deployments leave one out.
  const fromVariable = variable !== undefined && variable.trim() !== "";
  const value = fromVariable ? variable : option;
  if (value === undefined) return each.fallback;
  const parsed = each.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    `${fromVariable ? each.variable : `option ${name}`} is ${shown(value)}; allowed: ${each.allowed}`,
  );
}

/** Who gives a key where its file belongs must not find it in the log. */
function shown(value: unknown): string {
  if (Buffer.isBuffer(value)) return "a Buffer";
  if (typeof value !== "string") return inspect(value);
  return value.includes("-----BEGIN") ? "a PEM text" : JSON.stringify(value);
}

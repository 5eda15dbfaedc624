import path from "node:path";
import { parseEnv } from "node:util";
import { readIfPresent } from "../generate/read-if-present.js";

export type Variables = Readonly<Record<string, string | undefined>>;

/** What a service's variables say that a development loop has to heed. */
export interface ServiceVariables {
  /** All, to be added to this process' own. */
  readonly variables: Variables;
  /** `ROLLCALL_REGISTRY`, where the user has set it. */
  readonly registry: string | undefined;
  /** Whether the user gave it an id, which two processes must not have at once. */
  readonly hasId: boolean;
  /** Whether the user gave it a port, which two processes cannot have at once. */
  readonly hasPort: boolean;
  readonly gracePeriodMs: number;
}

/** A service's own when it says none; see `Settings.gracePeriodMs`. */
const defaultGracePeriodMs = 30_000;

/**
 * A service's variables: those of the process, then of `.env` in the folder, then what suits development: a server on this
 * machine alone, on any port, which lists its methods to tools.
 * @param pretty whether people read its log as it is written
 */
export async function serviceVariables(
  cwd: string,
  own: Variables,
  pretty: boolean,
): Promise<ServiceVariables> {
  const file = parseEnv((await readIfPresent(path.join(cwd, ".env"))) ?? "");
  const set = (name: string): string | undefined => valueOf(own[name]) ?? valueOf(file[name]);
  const defaults: Variables = {
    ROLLCALL_HOST: "127.0.0.1",
    ROLLCALL_PORT: "0",
    ROLLCALL_REFLECTION: "true",
    ...(pretty ? { ROLLCALL_LOG_FORMAT: "pretty" } : {}),
  };
  const variables: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(file)) if (own[name] === undefined) variables[name] = value;
  for (const [name, value] of Object.entries(defaults)) variables[name] = set(name) ?? value;
  const grace = Number(set("ROLLCALL_GRACE_PERIOD_MS") ?? Number.NaN);
  return {
    variables,
    registry: set("ROLLCALL_REGISTRY"),
    hasId: set("ROLLCALL_INSTANCE_ID") !== undefined,
    hasPort: Number(set("ROLLCALL_PORT") ?? 0) !== 0,
    // One that is not valid ends the service with a message of its own.
    gracePeriodMs: grace >= 0 ? grace : defaultGracePeriodMs,
  };
}

/** An empty variable is how many leave one out. */
function valueOf(text: string | undefined): string | undefined {
  return text?.trim() === "" ? undefined : text;
}

import {
  defaultCallLimits,
  defaultServerLimits,
  type CallLimits,
  type GrpcServerLimits,
} from "@rollcall/core";
import { integer, readTable, setting, type SettingsTable } from "./settings.js";

/** How an app's server protects itself. Each has a `ROLLCALL_SERVER_*` variable, which wins; 0 stands for no limit. */
export interface ProtectionSettings extends GrpcServerLimits, Omit<CallLimits, "serverTimeoutMs"> {}

/** Limits that an app sets itself; the others keep their defaults, and variables win over both. */
export type ProtectionOptions = {
  readonly [K in keyof ProtectionSettings]?: ProtectionSettings[K] | undefined;
};

const most = 2 ** 31 - 1;
const { serverTimeoutMs: _, ...defaults } = { ...defaultServerLimits, ...defaultCallLimits };

function limit(
  name: keyof ProtectionSettings,
  variable: string,
  unit: string,
  least = 0,
): ReturnType<typeof setting<number>> {
  const allowed =
    least === 0 ? `${unit} from 1 to ${most}, or 0 for no limit` : `${unit} from ${least} to ${most}`;
  return setting(`ROLLCALL_SERVER_${variable}`, integer(least, most), allowed, defaults[name]);
}

export const protectionTable: SettingsTable<ProtectionSettings> = {
  maxConcurrentCalls: limit("maxConcurrentCalls", "MAX_CONCURRENT_CALLS", "calls"),
  maxEventLoopLagMs: limit("maxEventLoopLagMs", "MAX_EVENT_LOOP_LAG_MS", "milliseconds"),
  streamIdleMs: limit("streamIdleMs", "STREAM_IDLE_MS", "milliseconds"),
  maxConcurrentStreams: limit("maxConcurrentStreams", "MAX_CONCURRENT_STREAMS", "calls"),
  maxResetsPerSecond: limit("maxResetsPerSecond", "MAX_RESETS_PER_SECOND", "calls"),
  maxPendingRequests: limit("maxPendingRequests", "MAX_PENDING_REQUESTS", "calls"),
  requestTimeoutMs: limit("requestTimeoutMs", "REQUEST_TIMEOUT_MS", "milliseconds"),
  maxReceiveBytes: limit("maxReceiveBytes", "MAX_RECEIVE_BYTES", "bytes"),
  maxSendBytes: limit("maxSendBytes", "MAX_SEND_BYTES", "bytes"),
  maxInflatedBytes: limit("maxInflatedBytes", "MAX_INFLATED_BYTES", "bytes"),
  maxMetadataPairs: limit("maxMetadataPairs", "MAX_METADATA_PAIRS", "header fields"),
  maxMetadataBytes: limit("maxMetadataBytes", "MAX_METADATA_BYTES", "bytes"),
  handshakeTimeoutMs: limit("handshakeTimeoutMs", "HANDSHAKE_TIMEOUT_MS", "milliseconds"),
  connectionIdleMs: limit("connectionIdleMs", "CONNECTION_IDLE_MS", "milliseconds"),
  keepaliveIntervalMs: limit("keepaliveIntervalMs", "KEEPALIVE_INTERVAL_MS", "milliseconds"),
  keepaliveTimeoutMs: limit("keepaliveTimeoutMs", "KEEPALIVE_TIMEOUT_MS", "milliseconds", 1),
};

/**
 * Every limit by variable, option or default, in this order.
 * @throws ConfigError that names the variable or option, its value and what is allowed
 */
export function readProtection(
  options: ProtectionOptions = {},
  env: NodeJS.ProcessEnv = process.env,
): ProtectionSettings {
  return readTable(protectionTable, options, env, "protection.");
}

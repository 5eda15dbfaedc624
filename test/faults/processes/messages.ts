import type { BreakerOptions } from "@rollcall/app";
import type { MadeCall } from "../harness/calls.js";

/** How a service's handlers answer from now on. */
export interface Behaviour {
  /** Added to each answer. */
  readonly extraMs?: number;
  /** Answers nothing but `unavailable`. */
  readonly unavailable?: boolean;
}

/** What a service has done since its start. */
export interface ServiceCounts {
  readonly faults: "counts";
  /** Handlers begun, by method. */
  readonly begun: {
    readonly get: number;
    readonly put: number;
    readonly watch: number;
    readonly import: number;
  };
  /** Handlers that have not ended. */
  readonly open: number;
}

/** What a caller process is told at its start, in the variable `FAULTS_CALLER`. */
export interface CallerConfig {
  readonly ratePerSecond: number;
  readonly timeoutMs: number;
  /** Every how many calls one is a `put`, which is not idempotent; 0 for never. */
  readonly putEvery: number;
  /** Clients, each with a registry and connections of its own, that take the calls in turn. */
  readonly clients: number;
  /** Server streams kept open. */
  readonly streams: number;
  /** Makes no calls until it is told to. */
  readonly idle: boolean;
  /** The retry's options, as `createClient` takes them. */
  readonly retry?: { readonly maxAttempts?: number };
  /** The breaker's, in the same way. */
  readonly breaker?: BreakerOptions;
}

export interface CallsMessage {
  readonly faults: "calls";
  readonly calls: readonly MadeCall[];
  /** Connections that it began since the last message: where to, and when. */
  readonly connects: readonly Connect[];
}

/** A TCP connection that was begun, whether it came about or not. */
export interface Connect {
  readonly port: number;
  readonly atMs: number;
}

/** The last message of a caller. */
export interface CallerEnded {
  readonly faults: "ended";
  /** The longest that a call was made after it was due. */
  readonly maxLateMs: number;
  readonly streams: {
    readonly opened: number;
    readonly reopened: number;
    readonly dropped: number;
    readonly messages: number;
  };
  /** Why streams broke. */
  readonly streamErrors: readonly string[];
}

export function isFaults(message: unknown, kind: string): boolean {
  return typeof message === "object" && message !== null && (message as { faults?: unknown }).faults === kind;
}

export function isBehaviour(message: unknown): message is { readonly behaviour: Behaviour } {
  return isFaults(message, "behave");
}

export function isQuestion(message: unknown): boolean {
  return isFaults(message, "ask");
}

/** Calls to be made at once, apart from the schedule. */
export interface BurstMessage {
  readonly faults: "burst";
  readonly calls: number;
  readonly timeoutMs: number;
  readonly id: string;
}

export function isBurst(message: unknown): message is BurstMessage {
  return isFaults(message, "burst");
}

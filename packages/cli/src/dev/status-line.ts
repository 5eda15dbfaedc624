import { exitText } from "@rollcall/testing/fleet";
import type { Paint } from "../output/paint.js";
import { printable } from "../output/printable.js";
import type { DevEvent } from "./events.js";

/** Paths named in one line; the rest is counted. */
const namedPaths = 3;

const registryKinds = {
  given: "",
  shared: " (was there already)",
  embedded: " (embedded, in memory)",
} as const;

type Texts = {
  readonly [Name in DevEvent["event"]]: (
    event: Extract<DevEvent, { readonly event: Name }>,
    paint: Paint,
  ) => string | readonly string[];
};

const texts: Texts = {
  registry: ({ url, kind }) => `registry ${printable(url)}${registryKinds[kind]}`,
  starting: ({ service, pid }) => `starting ${printable(service)} (pid ${pid})`,
  serving: ({ address, pid }, paint) => `${paint("green", "serving")} ${printable(address)} (pid ${pid})`,
  restarted: ({ address, pid, ms }, paint) =>
    `${paint("green", "restarted")} in ${Math.round(ms)} ms: serving ${printable(address)} (pid ${pid})`,
  changed: ({ paths }) => (paths.length === 0 ? "restarting" : `${pathList(paths)} changed: restarting`),
  generated: ({ out, modules }) => `${pathList(modules)} generated in ${printable(out)}`,
  "not-generated": ({ problems }, paint) => [
    ...problems.map((each) => printable(each)),
    `${paint("red", "contracts not generated")}; ${waiting(paint)}`,
  ],
  failed: ({ reason, serving }, paint) =>
    serving === undefined
      ? `${paint("red", "not started")}: ${printable(reason)}; ${waiting(paint)}`
      : `${paint("red", "not restarted")}: ${printable(reason)}; pid ${serving} goes on serving, ${waiting(paint)}`,
  exited: (event, paint) =>
    `${paint("red", `pid ${event.pid} ended`)} by itself with ${exitText(event)}; ${waiting(paint)}`,
  drained,
  warning: ({ text }, paint) => `${paint("yellow", "warning:")} ${printable(text)}`,
  stopping: () => "stopping (Ctrl-C once more to end everything at once)",
  stopped: () => "stopped",
};

/** An event as lines for people, printable. */
export function statusLines(event: DevEvent, paint: Paint): readonly string[] {
  const text = texts[event.event] as (event: DevEvent, paint: Paint) => string | readonly string[];
  const mark = paint("dim", "dev");
  return [text(event, paint)].flat().map((line) => `${mark} ${line}`);
}

function waiting(paint: Paint): string {
  return paint("bold", "waiting for a change");
}

function drained(event: Extract<DevEvent, { readonly event: "drained" }>, paint: Paint): string {
  const ms = Math.round(event.ms);
  if (event.code === 0) return paint("dim", `pid ${event.pid} drained in ${ms} ms`);
  // As npm does when the service that it has started has drained, and as a program does that does not handle it.
  if (event.signal === "SIGTERM") return paint("dim", `pid ${event.pid} ended in ${ms} ms`);
  return `${paint("yellow", `pid ${event.pid} did not drain`)}: it ended with ${exitText(event)} after ${ms} ms`;
}

function pathList(paths: readonly string[]): string {
  const named = paths.slice(0, namedPaths).map((path) => printable(path));
  const more = paths.length - named.length;
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}

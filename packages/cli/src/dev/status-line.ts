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

/** An event as lines for people, printable. */
export function statusLines(event: DevEvent, paint: Paint): readonly string[] {
  const mark = paint("dim", "dev");
  return text(event, paint).map((line) => `${mark} ${line}`);
}

function text(event: DevEvent, paint: Paint): readonly string[] {
  switch (event.event) {
    case "registry":
      return [`registry ${printable(event.url)}${registryKinds[event.kind]}`];
    case "starting":
      return [`starting ${printable(event.service)} (pid ${event.pid})`];
    case "serving":
      return [`${paint("green", "serving")} ${printable(event.address)} (pid ${event.pid})`];
    case "restarted":
      return [
        `${paint("green", "restarted")} in ${Math.round(event.ms)} ms: serving ${printable(event.address)} (pid ${event.pid})`,
      ];
    case "changed":
      return [event.paths.length === 0 ? "restarting" : `${pathList(event.paths)} changed: restarting`];
    case "generated":
      return [`${pathList(event.modules)} generated in ${printable(event.out)}`];
    case "not-generated":
      return [
        ...event.problems.map((each) => printable(each)),
        `${paint("red", "contracts not generated")}, ${paint("bold", "waiting for a change")}`,
      ];
    case "failed":
      return [
        event.serving === undefined
          ? `${paint("red", "not started")}: ${printable(event.reason)}; ${paint("bold", "waiting for a change")}`
          : `${paint("red", "not restarted")}: ${printable(event.reason)}; pid ${event.serving} goes on serving, ${paint("bold", "waiting for a change")}`,
      ];
    case "exited":
      return [
        `${paint("red", `pid ${event.pid} ended`)} by itself with ${exitText(event)}; ${paint("bold", "waiting for a change")}`,
      ];
    case "drained":
      return [drained(event, paint)];
    case "warning":
      return [`${paint("yellow", "warning:")} ${printable(event.text)}`];
    case "stopping":
      return ["stopping (Ctrl-C once more to end everything at once)"];
    case "stopped":
      return ["stopped"];
  }
}

function drained(event: Extract<DevEvent, { event: "drained" }>, paint: Paint): string {
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

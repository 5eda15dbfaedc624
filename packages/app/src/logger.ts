import { pino, type Logger } from "pino";
import { PinoPretty } from "pino-pretty";
import type { Settings } from "./settings.js";

/** JSON lines on standard output; readable ones when that is a terminal, or as `ROLLCALL_LOG_FORMAT` says. */
export function createLogger(name: string, settings: Pick<Settings, "logLevel" | "logFormat">): Logger {
  const pretty = settings.logFormat === "pretty" || (settings.logFormat === "auto" && process.stdout.isTTY);
  const colorize = process.stdout.isTTY && !process.env.NO_COLOR;
  const options = { name, level: settings.logLevel };
  // Synchronous, so that the last lines before an exit are not lost.
  return pretty
    ? pino(options, PinoPretty({ sync: true, singleLine: true, colorize, ignore: "pid,hostname" }))
    : pino(options);
}

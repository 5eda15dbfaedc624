import { destination, pino, type Logger } from "pino";

/** For clients in a program whose standard output is its figures' alone. */
export const warnings: Logger = pino({ level: "warn" }, destination(2));

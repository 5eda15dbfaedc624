import type { BreakerCaller, ServiceBreaker } from "../breakers.js";
import type { Paint } from "./paint.js";
import { printable } from "./printable.js";
import { timeText } from "./time-text.js";

/** More callers than this are counted, not named. */
const mostNamed = 3;

/** A line per breaker that is not closed: where, since when, and in which callers. */
export function breakerLines(breakers: readonly ServiceBreaker[], paint: Paint): readonly string[] {
  return breakers.map(({ method, subset, state, since, callers }) => {
    const name = method.slice(method.lastIndexOf("/") + 1);
    const named = callers.slice(0, mostNamed).map(callerText);
    const more = callers.length > mostNamed ? [`${callers.length - mostNamed} more`] : [];
    const count = `${callers.length} ${callers.length === 1 ? "caller" : "callers"}`;
    const where = `${name} in subset ${subset}`;
    const who = `since ${timeText(since)} in ${count}: ${[...named, ...more].join(", ")}`;
    return `  ${paint(state === "open" ? "red" : "yellow", `breaker ${state}`)}  ${printable(where)}  ${printable(who)}`;
  });
}

function callerText({ caller, app, failures, calls }: BreakerCaller): string {
  return `${app ? `${app} ` : ""}${caller} (${failures} of ${calls} calls failed)`;
}

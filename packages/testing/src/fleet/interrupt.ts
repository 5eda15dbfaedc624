/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, so that a run of processes can end them in order. The second ends this
 * process at once with code 130; what it started is killed with it.
 */
export function interruptSignal(note: (line: string) => void): AbortSignal {
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) process.exit(130);
      note(`${signal}: ending everything (once more to do it at once)`);
      interrupt.abort(new Error("interrupted"));
    });
  }
  return interrupt.signal;
}

import type { CliEnv } from "./cli-env.js";
import { ExitCode, ExitError } from "./exit-code.js";

/**
 * Does work that the user may end by Ctrl-C.
 * @param outcome what is said then
 * @param onInterrupt called at once, while the work ends what it has begun
 * @throws ExitError `interrupted`, also when the work failed with something else because it was ended
 */
export async function interruptible<T>(
  env: CliEnv,
  work: (signal: AbortSignal) => Promise<T>,
  { outcome = "interrupted", onInterrupt }: { readonly outcome?: string; onInterrupt?(): void } = {},
): Promise<T> {
  const interrupt = new AbortController();
  const release = env.onInterrupt(() => {
    onInterrupt?.();
    interrupt.abort(new Error(outcome));
  });
  try {
    return await work(interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new ExitError(ExitCode.interrupted, outcome, { cause: error });
  } finally {
    release();
  }
}

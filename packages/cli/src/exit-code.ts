/** What `rollcall` exits with. */
export const ExitCode = {
  done: 0,
  failed: 1,
  /** Wrong arguments, or a rule that is not valid. */
  wrongArguments: 2,
  unreachable: 3,
  /** Somebody else changed the document first. */
  conflict: 4,
  /** `status` and `--wait`: the rollout was aborted. */
  aborted: 5,
  /** By Ctrl-C, as shells count it: 128 + SIGINT. */
  interrupted: 130,
} as const;

/** The part of every `--help` that says what scripts can rely on. */
export const exitCodeHelp = `
Exit codes: 0 done, 1 failed, 2 wrong arguments or an invalid rule, 3 the registry cannot be reached,
4 somebody else changed the document first.`;

/** Ends a command with an exit code; shown after \`error:\`. */
export class ExitError extends Error {
  override readonly name = "ExitError";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

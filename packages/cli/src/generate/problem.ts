/** A place in a proto file; both numbers count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Why a proto cannot be generated from. */
export interface Problem extends Position {
  /** The proto's path, relative to the working directory when it is below it. */
  readonly file: string;
  /** Lower case, no full stop. */
  readonly reason: string;
}

/**
 * Protos that cannot be generated from. Nothing has been written.
 * The message has one line per problem: `shop/v1/shop.proto:12:5: unknown type "Itme"`.
 */
export class GenerateError extends Error {
  override readonly name = "GenerateError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(describe).join("\n"));
    this.problems = problems;
  }
}

function describe(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.reason}`;
}

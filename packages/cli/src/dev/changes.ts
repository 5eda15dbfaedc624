import path from "node:path";
import type { Clock } from "@rollcall/core";
import { ChangeBatch } from "./change-batch.js";

/** A file is complete, and a series of them too, when nothing has changed for as long as this. */
const quietMs = 100;

export interface ChangesOptions {
  readonly clock: Clock;
  readonly cwd: string;
  /** Undefined where none are generated. */
  readonly contracts: { comeFrom(file: string): boolean; update(): Promise<readonly string[]> } | undefined;
  /** Gets paths as people write them. */
  restart(paths: readonly string[]): void;
  fail(error: unknown): void;
}

/**
 * Turns changes of files into restarts. A proto restarts nothing by itself: the contracts are generated from it, and what
 * they change does, in one restart with all else that has changed.
 */
export function followChanges(options: ChangesOptions): ChangeBatch {
  const { clock, cwd, contracts, restart, fail } = options;
  const batch = new ChangeBatch(clock, quietMs, async (files) => {
    try {
      const others = files.filter((file) => !contracts?.comeFrom(file));
      const written = others.length < files.length ? await contracts!.update() : [];
      // The watch tells of what was written too: together they are one batch.
      if (written.length > 0) batch.add(...others, ...written);
      else if (others.length > 0) restart(others.map((file) => path.relative(cwd, file)));
    } catch (error) {
      fail(error);
    }
  });
  return batch;
}

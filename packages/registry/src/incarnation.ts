import { startedAt } from "@rollcall/core";

/**
 * Whether `theirs` is a later run than `ours`, so that its record must not be overwritten. What is not an incarnation
 * (a stock client's record, a poisoned one) is older than any; two runs of one millisecond are ordered by their random part.
 */
export function isNewer(theirs: string, ours: string): boolean {
  if (theirs === ours) return false;
  const [their, our] = [startedAt(theirs), startedAt(ours)];
  if (Number.isNaN(their)) return false;
  if (Number.isNaN(our) || their > our) return true;
  return their === our && theirs > ours;
}

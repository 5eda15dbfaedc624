import { z } from "zod";
import { parseDocument, textOf } from "../json-document.js";

const record = z.object({ candidate: textOf(256) });

/** What the controller of a service puts at `rollout-leader/<service>`; no two values are the same. */
export function encodeLeader(candidate: string, random: () => number): string {
  const half = (): string => Math.floor(random() * 2 ** 32).toString(36);
  return JSON.stringify({ candidate, token: half() + half() });
}

/** Who a value names; `unknown` when it is not one of ours. */
export function decodeLeader(value: Uint8Array): string {
  const document = parseDocument(value);
  const checked = "parsed" in document ? record.safeParse(document.parsed) : undefined;
  return checked?.success ? checked.data.candidate : "unknown";
}

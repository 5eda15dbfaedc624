import type { NoPick } from "@rollcall/core";

/** Why a policy found nothing: the counts, in the words of an error message. */
export function noPick(endpoints: number, weighted: number): NoPick {
  if (endpoints === 0) return { reason: "0 endpoints" };
  if (weighted === 0) return { reason: `0 of ${count(endpoints)} a weight above 0` };
  const which = weighted === endpoints ? "" : " with a weight above 0";
  return { reason: `${weighted} of ${endpoints} endpoints${which} tried, none left` };
}

function count(endpoints: number): string {
  return endpoints === 1 ? "1 endpoint has" : `${endpoints} endpoints have`;
}

/** What a closed balancer answers. */
export const closedPick: NoPick = { reason: "the balancer is closed" };

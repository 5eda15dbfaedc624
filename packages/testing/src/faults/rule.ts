import { isResponseStream, linkPath, methodName, type Call, type Code } from "@rollcall/core";

/** What goes wrong with an attempt. */
export type Fault =
  /** It takes so much longer to arrive. */
  | { readonly do: "delay"; readonly ms: number }
  /** It is answered with an error, and its handler does not see it. */
  | { readonly do: "fail"; readonly code: Code; readonly reason?: string | undefined }
  /** It never arrives, and nobody says so: it ends by its deadline. */
  | { readonly do: "hang" }
  /** Its handler runs, and the answer is lost: it ends by its deadline. */
  | { readonly do: "dropResponse" }
  /** The stream stays open after so many messages, and nothing more comes. Default 0. */
  | { readonly do: "halfOpen"; readonly afterMessages?: number | undefined }
  /** The process that it is for is killed when it is on its way. */
  | { readonly do: "crash" }
  /** The process that it is for stands still for so long. */
  | { readonly do: "freeze"; readonly ms: number };

/** Which attempts go wrong, and how. What is left out does not matter. */
export type FaultRule = Fault & {
  /** The full name: `shop.v1.Orders`. */
  readonly service?: string | undefined;
  /** As in the contract's proto: `Get`. */
  readonly method?: string | undefined;
  /** The id of the instance it is sent to. */
  readonly instance?: string | undefined;
  /** Only these of the attempts that match so far, counted from 1. */
  readonly nth?: number | readonly number[] | undefined;
  /** Only so many of them, from 0 to 1, by the seed. */
  readonly probability?: number | undefined;
};

/** Whether the rule is about such attempts at all. */
export function concerns(rule: FaultRule, call: Call, instance: string | undefined): boolean {
  const name = methodName(call.method);
  const slash = name.lastIndexOf("/");
  // What two Rollcall processes say to each other is nobody's call.
  if (call.method.path === linkPath && rule.service === undefined) return false;
  return (
    (rule.service === undefined || rule.service === name.slice(0, slash)) &&
    (rule.method === undefined || rule.method === name.slice(slash + 1)) &&
    (rule.instance === undefined || rule.instance === instance) &&
    (rule.do !== "halfOpen" || isResponseStream(call.method))
  );
}

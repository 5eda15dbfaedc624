import { ConfigError } from "@rollcall/core";

/** What a new project is called where. */
export interface ProjectNames {
  /** The npm package, the app, the container, the Deployment: `order-book`. */
  readonly name: string;
  /** The proto package, before its version: `order_book`. */
  readonly package: string;
  /** The gRPC service and its contract: `OrderBook`. */
  readonly service: string;
}

/** So that a pod's name, which is a label and a host name too, stays below 63 characters. */
const longest = 40;

/** What the template's own code and proto call things by; a service of that name would hide them. */
export const takenNames: ReadonlySet<string> = new Set(
  [
    "Service Method Client Clock Code RpcError ServerCallContext EtcdServer Pause PhraseBook",
    "GreetRequest GreetRequestInit GreetReply GreetReplyInit WatchRequest WatchRequestInit",
    "AbortSignal AsyncIterable Error JSON Map Math Number Promise",
  ].flatMap((line) => line.split(" ")),
);

/**
 * Checks the name of a project and derives the others from it.
 * @throws ConfigError for a name that npm, protobuf or Kubernetes would not take, with one that they would
 */
export function projectNames(name: string): ProjectNames {
  const shown = JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}...` : name);
  if (name.startsWith("@") && name.includes("/"))
    throw new ConfigError(
      `the name ${shown} has a scope: leave it out, and put it into the new package.json${suggestion(name.slice(name.indexOf("/")))}`,
    );
  if (/[/\\]/.test(name))
    throw new ConfigError(`the name ${shown} is a path: use --directory for where the project goes`);
  if (name.length > longest)
    throw new ConfigError(`the name ${shown} has ${name.length} characters; allowed: up to ${longest}`);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new ConfigError(
      `the name ${shown} is not valid; allowed: lower-case letters, digits and single hyphens, a letter first${suggestion(name)}`,
    );
  const words = name.split("-");
  const service = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
  if (takenNames.has(service))
    throw new ConfigError(
      `the name ${shown} makes a gRPC service ${service}, a name that its own code needs; try ${name}-api`,
    );
  return { name, package: words.join("_"), service };
}

function suggestion(name: string): string {
  const valid = name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[-0-9]+|-+$/g, "");
  return valid === "" ? "" : `; try ${valid.slice(0, longest)}`;
}

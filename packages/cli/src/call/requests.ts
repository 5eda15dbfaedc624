import { readFile } from "node:fs/promises";
import { ConfigError, isRequestStream } from "@rollcall/core";
import type { CliEnv } from "../cli-env.js";
import type { DescribedMethod } from "../contract/contract-source.js";
import { jsonValues } from "./json-values.js";

/** The text of the requests, as it comes, and what to call it in errors. */
interface Written {
  readonly text: AsyncIterable<string> | Iterable<string>;
  readonly origin: string;
}

/**
 * The one request of a method that takes one: an empty message where nothing is written.
 * @throws ConfigError for JSON that is no such message, and for more than one
 */
export async function oneRequest(
  method: DescribedMethod,
  argument: string | undefined,
  env: CliEnv,
): Promise<object> {
  const { text, origin } = await written(method, argument, env);
  let request: object | undefined;
  for await (const json of jsonValues(text, origin)) {
    if (request)
      throw new ConfigError(`${origin} has more than one value, and ${method.name} takes one request`);
    request = method.request.fromJson(json);
  }
  return request ?? method.request.fromJson({});
}

/**
 * The requests of a method that takes a stream of them, each when it is complete.
 * @throws ConfigError for JSON that is no such message; it says which
 */
export async function* manyRequests(
  method: DescribedMethod,
  argument: string | undefined,
  env: CliEnv,
): AsyncIterable<object> {
  const { text, origin } = await written(method, argument, env);
  let count = 0;
  for await (const json of jsonValues(text, origin)) {
    count++;
    let request: object;
    try {
      request = method.request.fromJson(json);
    } catch (cause) {
      throw new ConfigError(`value ${count} of ${origin}: ${(cause as Error).message}`, { cause });
    }
    yield request;
  }
}

/** JSON, `-` or `@-` for standard input, `@file`. */
async function written(
  { contract }: DescribedMethod,
  argument: string | undefined,
  env: CliEnv,
): Promise<Written> {
  const fromInput =
    argument === "-" || argument === "@-" || (argument === undefined && isRequestStream(contract));
  if (fromInput) return { text: env.input(), origin: "standard input" };
  if (!argument?.startsWith("@")) return { text: [argument ?? ""], origin: "the request" };
  const file = argument.slice(1);
  try {
    return { text: [await readFile(file, "utf8")], origin: file };
  } catch (cause) {
    throw new ConfigError(`the request in ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

import type { Client } from "@rollcall/app";
import type { {{Service}} } from "./gen/{{package}}/v1/{{package}}.js";

/** A line per name: the greeting, and who gave it. */
export async function greetAll(client: Client<{{Service}}>, names: readonly string[]): Promise<readonly string[]> {
  const replies = await Promise.all(names.map((name) => client.greet({ name })));
  return replies.map(({ text, servedBy }) => `${text} (from ${servedBy})`);
}

import { ConfigError } from "../errors.js";
import { setMethodOptions, type MethodOptions } from "./metadata.js";

/** Options of one method of a service class. Methods that need none do without it. */
export function Method(options: MethodOptions): (prototype: object, name: string) => void {
  const { timeoutMs } = options;
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    throw new ConfigError(
      `@Method({ timeoutMs: ${timeoutMs} }): a timeout is a number of milliseconds above 0`,
    );
  }
  return (prototype, name) => setMethodOptions(prototype, name, options);
}

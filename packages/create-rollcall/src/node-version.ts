const least = [22, 12] as const;

/** Why this version of Node cannot be used, if it cannot: `npm create` only warns of `engines`. */
export function nodeFault(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const enough = major > least[0] || (major === least[0] && minor >= least[1]);
  return enough ? undefined : `Rollcall needs Node ${least.join(".")} or newer; this is ${version}`;
}

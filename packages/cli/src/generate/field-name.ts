/**
 * The name of a field or oneof in TypeScript and in the embedded JSON, from its camelCase name. What every object
 * inherits (`constructor`, `toString`, `valueOf`) gets a `$`: the codec would take the inherited function for a value.
 */
export function fieldName(camelCase: string): string {
  return camelCase in Object.prototype ? `${camelCase}$` : camelCase;
}

/**
 * The name of a method in TypeScript: the proto's with its first letter lowered, `GetURLInfo` to `getURLInfo`.
 * `then` would make a client a promise and `constructor` is no method of a class, so these get a `$`, as do names that
 * every object inherits, and the second of two methods that differ only in that letter.
 */
export function methodKeys(names: readonly string[]): Map<string, string> {
  const keys = new Map<string, string>();
  const taken = new Set(names.filter((name) => lowered(name) === name));
  for (const name of names) {
    let key = lowered(name);
    if (key === "then" || key in Object.prototype) key += "$";
    while (key !== name && taken.has(key)) key += "$";
    taken.add(key);
    keys.set(name, key);
  }
  return keys;
}

function lowered(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

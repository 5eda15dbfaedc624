/**
 * What keeps the process alive and was not there before: a name for each, as Node calls its kind. What is on its way, such as
 * the closing of a file, is among them.
 */
export function handlesLeft(before: readonly string[]): string[] {
  const known = [...before];
  return process.getActiveResourcesInfo().filter((kind) => {
    const at = known.indexOf(kind);
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
}

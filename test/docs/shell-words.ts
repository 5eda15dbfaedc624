/** The commands of a block of shell: each as its words, without comments and the variables set before it. */
export function shellCommands(block: string): readonly (readonly string[])[] {
  return block
    .replaceAll("\\\n", " ")
    .split("\n")
    .map(wordsOf)
    .filter((words) => words.length > 0);
}

/** Up to a comment or a pipe, which are as far as a command of ours goes. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  for (const [whole, double, single, bare = ""] of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
    if (/^[#|]/.test(whole)) break;
    words.push(double ?? single ?? bare);
  }
  return words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word)));
}

/** Columns of text, aligned; the last is not padded. */
export function textTable(lines: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const line of lines)
    for (const [n, cell] of line.entries()) widths[n] = Math.max(widths[n] ?? 0, cell.length);
  return lines.map((line) =>
    line
      .map((cell, n) => (n === line.length - 1 ? cell : cell.padEnd(widths[n] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

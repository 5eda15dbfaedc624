/** What became of each case between each pair, as one table. */
export class ResultTable {
  readonly #rows = new Map<string, Map<string, string>>();
  readonly #columns = new Set<string>();

  /** Runs a case and takes down how it went. */
  async record(row: string, column: string, run: () => Promise<void>): Promise<void> {
    const from = performance.now();
    this.#set(row, column, "FAILED");
    await run();
    this.#set(row, column, `${Math.round(performance.now() - from)} ms`);
  }

  format(): string {
    const columns = [...this.#columns];
    const lines = [
      ["case", ...columns],
      ...[...this.#rows].map(([row, cells]) => [row, ...columns.map((column) => cells.get(column) ?? "-")]),
    ];
    const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
    return lines.map((line) => line.map((cell, i) => cell.padEnd(widths[i]!)).join("  ")).join("\n");
  }

  #set(row: string, column: string, cell: string): void {
    this.#columns.add(column);
    const cells = this.#rows.get(row) ?? new Map<string, string>();
    this.#rows.set(row, cells.set(column, cell));
  }
}

import { describe, expect, it } from "vitest";
import { OptionError, readOptions } from "./options.js";

const read = (...args: string[]) => readOptions(args, "RESULTS.md")!;

describe("the options of the benchmark", () => {
  it("measure everything, and write the page, unless told otherwise", () => {
    const { cells, kinds, rounds, ms, out } = read();
    expect(cells).toHaveLength(6);
    expect(kinds).toEqual(expect.arrayContaining(["grpc-js", "lane", "moleculer", "grpc-go"]));
    expect({ rounds, ms, out }).toEqual({ rounds: 5, ms: 2_000, out: "RESULTS.md" });
  });

  it("write no page of a part, unless told where", () => {
    for (const part of [["--quick"], ["--kinds", "lane"], ["--rounds", "1"], ["--ms", "10"]])
      expect(read(...part).out).toBeUndefined();
    expect(read("--quick", "--out", "part.md").out).toBe("part.md");
  });

  it("are short when quick", () => {
    expect(read("--quick").cells).toEqual([
      { bytes: 100, concurrency: 1 },
      { bytes: 100, concurrency: 64 },
    ]);
  });

  it("keep grpc-js, which the others are compared with, and the order of tables", () => {
    expect(read("--kinds", "lane,plain, http2,lane").kinds).toEqual(["http2", "grpc-js", "plain", "lane"]);
  });

  it("are undefined when help is asked for", () => {
    expect(readOptions(["--help"], "RESULTS.md")).toBeUndefined();
  });

  it.each([
    [["--kinds", "lane,trpc"], '"trpc"; allowed: tcp, http2-stream, http2, grpc-js'],
    [["--kinds", ""], '""; allowed'],
    [["--rounds", "0"], '--rounds is "0"; allowed: a whole number'],
    [["--rounds", "1.5"], "--rounds"],
    [["--ms", "soon"], '--ms is "soon"'],
    [["--ms", "-5"], "--ms"],
    [["--ms", "Infinity"], "--ms"],
    [["--slow"], "--slow"],
    [["lane"], "lane"],
  ])("refuse %j", (args, message) => {
    expect(() => read(...args)).toThrow(OptionError);
    expect(() => read(...args)).toThrow(message);
  });
});

import { describe, expect, it } from "vitest";
import { CommandLine } from "../fixtures/command-line.js";

describe("rollcall dev", () => {
  it.each([
    [["src/nowhere.ts"], "no file src/nowhere.ts in "],
    [["a.ts", "b.ts"], "one entry at a time, not 2; a command goes after --: rollcall dev -- a.ts b.ts"],
    [["--"], "no command after --, as in: rollcall dev -- npm start"],
    [["a.ts", "--", "npm", "start"], "entry a.ts and a command after --: give one of the two"],
    [["--registry-port", "70000"], 'expected a port from 0 to 65535, not "70000"'],
    [["--start-timeout", "20"], 'duration "20" is not one'],
  ])("refuses %j", async (args, message) => {
    const { code, out, err } = await new CommandLine().rollcall("dev", ...args);
    expect(err).toContain(message);
    expect(out).toBe("");
    expect(code).toBe(2);
  });

  it("has examples in its help", async () => {
    const { code, out } = await new CommandLine().rollcall("dev", "--help");
    expect(code).toBe(0);
    expect(out).toContain("rollcall dev -- npm start");
    expect(out).toContain("[entry] | -- <command...>");
  });
});

import { expect, it } from "vitest";
import { devReport } from "./dev-report.js";
import type { DevEvent } from "./events.js";

const serving: DevEvent = { event: "serving", address: "127.0.0.1:50123", pid: 1, ms: 9 };

function shown(
  options: { json: boolean; keys: boolean },
  ...events: DevEvent[]
): { out: string[]; err: string[] } {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) };
  const report = devReport({ ...terminal, color: false }, options);
  for (const event of events) report(event);
  return { out, err };
}

it.each([
  ["embedded", "etcd://127.0.0.1:2379", "rollcall call in another"],
  ["shared", "etcd://127.0.0.1:4000", "rollcall call with --registry etcd://127.0.0.1:4000 in another"],
  ["given", "etcd://10.0.0.1:2379", "rollcall call with the same ROLLCALL_REGISTRY in another"],
] as const)("says once how to reach a service in a registry that is %s at %s", (kind, url, hint) => {
  const { out, err } = shown({ json: false, keys: true }, { event: "registry", url, kind }, serving, serving);
  expect(out).toEqual([]);
  expect(err).toHaveLength(4);
  expect(err[2]).toContain(hint);
  expect(err[2]).toContain("r + Enter restarts, Ctrl-C stops");
});

it("names no keys where nobody can type", () => {
  expect(shown({ json: false, keys: false }, serving).err.at(-1)).toMatch(/; Ctrl-C stops$/);
});

it("is one line of JSON for each event with --json, without control characters", () => {
  const { out, err } = shown({ json: true, keys: true }, serving, {
    event: "changed",
    paths: ["a\u009b2J\nb"],
  });
  expect(err).toEqual([]);
  expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
    serving,
    { event: "changed", paths: ["a\u009b2J\nb"] },
  ]);
  expect(out[1]).not.toContain("\u009b");
});

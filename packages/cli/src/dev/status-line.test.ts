import { expect, it } from "vitest";
import { paintWith } from "../output/paint.js";
import type { DevEvent } from "./events.js";
import { statusLines } from "./status-line.js";

const plain = paintWith(false);
const shown = (event: DevEvent): readonly string[] => statusLines(event, plain);

it.each<[DevEvent, string]>([
  [
    { event: "registry", url: "etcd://127.0.0.1:2379", kind: "embedded" },
    "dev registry etcd://127.0.0.1:2379 (embedded, in memory)",
  ],
  [{ event: "changed", paths: ["src/orders.ts"] }, "dev src/orders.ts changed: restarting"],
  [{ event: "changed", paths: ["a", "b", "c", "d", "e"] }, "dev a, b, c and 2 more changed: restarting"],
  [{ event: "changed", paths: [] }, "dev restarting"],
  [
    { event: "restarted", address: "127.0.0.1:50123", pid: 123, ms: 420.4 },
    "dev restarted in 420 ms: serving 127.0.0.1:50123 (pid 123)",
  ],
  [
    { event: "failed", reason: "pid 2 ended with code 1 before it served", serving: 1 },
    "dev not restarted: pid 2 ended with code 1 before it served; pid 1 goes on serving, waiting for a change",
  ],
  [
    { event: "failed", reason: "spawn nmp ENOENT" },
    "dev not started: spawn nmp ENOENT; waiting for a change",
  ],
  [
    { event: "exited", pid: 1, code: null, signal: "SIGSEGV" },
    "dev pid 1 ended by itself with SIGSEGV; waiting for a change",
  ],
  [{ event: "drained", pid: 1, ms: 12.3, code: 0, signal: null }, "dev pid 1 drained in 12 ms"],
  [{ event: "drained", pid: 1, ms: 12.3, code: null, signal: "SIGTERM" }, "dev pid 1 ended in 12 ms"],
  [
    { event: "drained", pid: 1, ms: 35_000, code: null, signal: "SIGKILL" },
    "dev pid 1 did not drain: it ended with SIGKILL after 35000 ms",
  ],
])("says %j in a line", (event, line) => expect(shown(event)).toEqual([line]));

it("shows where a proto is wrong, as compilers do", () => {
  expect(
    shown({ event: "not-generated", problems: ["proto/a.proto:1:2: x", "proto/a.proto:3:4: y"] }),
  ).toEqual([
    "dev proto/a.proto:1:2: x",
    "dev proto/a.proto:3:4: y",
    "dev contracts not generated; waiting for a change",
  ]);
});

it("lets no name move the cursor or begin a line", () => {
  const evil = "a\u001b[2J\nb";
  for (const event of [
    { event: "changed", paths: [evil] },
    { event: "serving", address: evil, pid: 1, ms: 1 },
    { event: "registry", url: evil, kind: "given" },
    { event: "failed", reason: evil },
    { event: "not-generated", problems: [evil] },
    { event: "generated", out: evil, modules: [evil] },
    { event: "starting", service: evil, pid: 1 },
    { event: "warning", text: evil },
  ] satisfies DevEvent[]) {
    const lines = shown(event);
    expect(lines.join("|")).toContain("a\\u001b[2J\\nb");
    for (const line of lines) expect(line.split("\n")).toHaveLength(1);
  }
});

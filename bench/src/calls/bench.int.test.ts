import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../dist/calls/main.js", import.meta.url));
const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

function bench(...args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  const seen = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (seen.out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (seen.err += chunk.toString()));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...seen }));
  return { child, seen, ended };
}

it("ends with one line of ratios, and writes a page where it is told to", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rollcall-bench-"));
  try {
    const page = join(folder, "results.md");
    const tiny = [
      "--quick",
      "--json",
      "--kinds",
      "tcp,http2-stream,http2,lane",
      "--rounds",
      "1",
      "--ms",
      "100",
      "--out",
      page,
    ];
    const { code, out, err } = await bench(...tiny).ended;
    expect(code, err).toBe(0);
    expect(out.match(/\n/g)).toHaveLength(1);
    const { ratios } = JSON.parse(out) as { readonly ratios: Readonly<Record<string, number>> };
    expect(Object.keys(ratios).toSorted()).toEqual(
      ["grpc-js", "http2", "http2-stream", "lane", "tcp"]
        .flatMap((kind) => [`${kind}@1`, `${kind}@64`, `${kind}ClientCpu@1`, `${kind}ClientCpu@64`])
        .toSorted(),
    );
    expect(ratios).toMatchObject({ "grpc-js@1": 1, "grpc-js@64": 1, "grpc-jsClientCpu@64": 1 });
    for (const ratio of Object.values(ratios)) expect(ratio).toBeGreaterThan(0);
    expect(err).toContain("100 bytes, 64 at once");
    expect(await readFile(page, "utf8")).toMatch(/^# Results\n[^]*### 100 bytes, 1 at once\n[^]*\| lane /);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("says what is wrong with an option", async () => {
  const { code, out, err } = await bench("--kinds", "trpc").ended;
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain('bench: --kinds has "trpc"; allowed: tcp, http2-stream, http2, grpc-js');
});

it("ends all its processes at Ctrl-C", async () => {
  const { child, seen, ended } = bench("--quick", "--json", "--kinds", "http2", "--ms", "300");
  // It measures now: all of its processes are there.
  await expect.poll(() => seen.err, { timeout: 30_000 }).toContain("100 bytes, 1 at once");
  child.kill("SIGINT");
  // Not before the last process that writes there has ended.
  const { code, out, err } = await ended;
  expect(err).toContain("interrupted");
  expect({ code, out }).toEqual({ code: 130, out: "" });
});

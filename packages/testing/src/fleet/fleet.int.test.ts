import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { holdPort } from "../ports/held-port.js";
import { stablePorts } from "../ports/stable-ports.js";
import { startCaller } from "./caller-process.js";
import { startFleet, type FleetOptions } from "./fleet.js";
import { FleetProcess } from "./process.js";
import { createReceipt } from "./receipt-recorder.js";

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

function options(mode = "well", more: Partial<FleetOptions> = {}): FleetOptions {
  return {
    size: 2,
    command: ({ index, run, port }) => ({
      args: [fixture("service.mjs"), mode],
      env: { INDEX: String(index), RUN: String(run), PORT: String(port) },
    }),
    ...more,
  };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** Ended processes stay in the table until their parent asks for their code; an orphan's new parent may take its time. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync("/proc/self") || !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Waits for what another process does to a third. */
async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("a fleet of processes", () => {
  it("starts them, waits until they serve, and ends them all when disposed of", async () => {
    const pids: number[] = [];
    {
      await using fleet = await startFleet(options());
      for (const { current } of fleet.members) {
        expect(current.state).toBe("serving");
        expect(isAlive(current.pid)).toBe(true);
        pids.push(current.pid);
      }
      const addresses = fleet.members.map((member) => member.current.serving?.address);
      expect(new Set(addresses).size).toBe(2);
      for (const address of addresses) expect(portOf(address!)).toBeGreaterThan(0);
    }
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it("restarts a member on its port or a new one, by SIGTERM or SIGKILL", async () => {
    await using fleet = await startFleet(options("well", { size: 1 }));
    const [member] = fleet.members;
    const first = member!.current;
    const { address } = first.serving!;
    expect((await member!.restart()).address).toBe(address);
    expect(await first.exit).toEqual({ code: 0, signal: null });
    expect(member!.runs).toBe(2);
    const second = member!.current;
    expect((await member!.restart({ signal: "SIGKILL", port: "new" })).address).not.toBe(address);
    expect(await second.exit).toEqual({ code: null, signal: "SIGKILL" });
    expect(member!.current.logs).toContain('{"msg":"starting","mode":"well","run":"2"}');
  });

  it("keeps a member's port while none of its processes runs, and gives it back when it has another or is closed", async () => {
    const fleet = await startFleet(options("well", { size: 1 }));
    const [member] = fleet.members;
    const port = portOf(member!.current.serving!.address);
    const { from, to } = stablePorts();
    expect(port).toBeGreaterThanOrEqual(from);
    expect(port).toBeLessThan(to);
    await member!.stop();
    const range = { from: port, to: port + 1 };
    await expect(holdPort({ range })).rejects.toThrow("no free port");
    expect(portOf((await member!.start()).address)).toBe(port);
    const next = portOf((await member!.restart({ port: "new" })).address);
    await using first = await holdPort({ range });
    expect(first.port).toBe(port);
    await fleet[Symbol.asyncDispose]();
    await using second = await holdPort({ range: { from: next, to: next + 1 } });
    expect(second.port).toBe(next);
  });

  it("says so when a member does not end cleanly", async () => {
    await using fleet = await startFleet(options("clumsy", { size: 1 }));
    await expect(fleet.members[0]!.restart()).rejects.toThrow("service-0 ended with code 4");
  });

  it("adds and removes members, and restarts all", async () => {
    await using fleet = await startFleet(options());
    const third = await fleet.add();
    await fleet.restartAll();
    expect(fleet.members.map((member) => [member.index, member.runs])).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
    ]);
    expect(await fleet.remove(third)).toEqual({ code: 0, signal: null });
    expect(fleet.members.map((member) => member.index)).toEqual([0, 1]);
  });

  it("rejects with a member's output when it cannot start, and leaves none running", async () => {
    const before = process.listenerCount("SIGTERM");
    const broken = startFleet(
      options("well", {
        command: ({ index }) => ({
          args: [fixture("service.mjs"), index === 1 ? "fails" : "well"],
          env: { PORT: "0", INDEX: String(index) },
        }),
        name: "orders",
      }),
    );
    await expect(broken).rejects.toThrow(
      /orders-1 \(pid \d+\) ended with code 3 before its serving message; its last output:[^]*cannot read/,
    );
    // Listened to as long as any child is alive.
    expect(process.listenerCount("SIGTERM")).toBe(before);
  });

  it("rejects when a member does not serve in time", async () => {
    await expect(startFleet(options("silent", { readyTimeoutMs: 500 }))).rejects.toThrow(
      /no serving message within 500 ms/,
    );
  });

  it("ends one that ignores SIGTERM or is stopped by SIGSTOP", async () => {
    await using fleet = await startFleet(options("deaf", { stopTimeoutMs: 300 }));
    const [deaf, stopped] = fleet.members;
    stopped!.current.signal("SIGSTOP");
    expect(await deaf!.stop()).toEqual({ code: null, signal: "SIGKILL" });
    expect(await stopped!.kill()).toEqual({ code: null, signal: "SIGKILL" });
    expect(deaf!.current.signal("SIGTERM")).toBe(false);
  });

  it("wakes a process that is stopped by SIGSTOP so that it can end in order", async () => {
    await using fleet = await startFleet(options("well", { size: 1 }));
    const { current } = fleet.members[0]!;
    current.signal("SIGSTOP");
    expect(await current.stop()).toEqual({ code: 0, signal: null });
  });

  it("keeps the last lines of output, and all of them in files", async () => {
    const logDirectory = await mkdtemp(join(tmpdir(), "fleet-"));
    try {
      const fleet = await startFleet(options("well", { size: 1, logLines: 1, logDirectory }));
      await fleet[Symbol.asyncDispose]();
      expect(fleet.members[0]!.current.logs).toHaveLength(1);
      const text = await readFile(join(logDirectory, "service-0.log"), "utf8");
      expect(text).toContain('"msg":"starting"');
      expect(text).toContain("a line on standard error\n");
    } finally {
      await rm(logDirectory, { recursive: true });
    }
  });

  it("hands a process its output where it is told to, and keeps no lines then", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fleet-"));
    const file = await open(join(folder, "output"), "w");
    try {
      const command = { args: [fixture("service.mjs"), "fails"], env: { PORT: "0", INDEX: "0" } };
      const service = await FleetProcess.start(command, { output: [file.fd, file.fd] });
      expect(await service.exit).toEqual({ code: 3, signal: null });
      expect(await readFile(join(folder, "output"), "utf8")).toMatch(
        /"msg":"starting"[^]*a line on standard error\ncannot read its configuration\n/,
      );
      expect(service.logs).toEqual([]);
    } finally {
      await file.close();
      await rm(folder, { recursive: true });
    }
  });

  it.each(["drain", "kill"] as const)(
    "sees to what a command leaves behind that it ends: %s",
    async (rest) => {
      const folder = await mkdtemp(join(tmpdir(), "fleet-"));
      try {
        // A shell that waits for another program ends at SIGTERM without passing it on.
        const command = await FleetProcess.start(
          {
            file: "/bin/sh",
            args: ["-c", `"${process.execPath}" "${fixture("slow-drain.mjs")}" "${folder}/drained"; exit 7`],
          },
          { rest },
        );
        await command.untilServing(20_000);
        expect(await command.stop()).toEqual({ code: null, signal: "SIGTERM" });
        expect(existsSync(join(folder, "drained"))).toBe(rest === "drain");
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );

  it("ends by force what a command leaves behind and does not end", async () => {
    const service = `"${process.execPath}" "${fixture("service.mjs")}" deaf`;
    const command = await FleetProcess.start(
      { file: "/bin/sh", args: ["-c", `${service}; exit 7`], env: { PORT: "0", INDEX: "0" } },
      { rest: "drain" },
    );
    await command.untilServing(20_000);
    expect(await command.stop(500)).toEqual({ code: null, signal: "SIGTERM" });
    expect(command.signal("SIGKILL")).toBe(false);
  });

  it("exchanges messages with every process, over restarts", async () => {
    await using fleet = await startFleet(options("well", { size: 1 }));
    const [member] = fleet.members;
    const { address } = member!.current.serving!;
    const heard: unknown[] = [];
    fleet.onMessage((from, message) => heard.push([from.index, message]));
    await member!.restart();
    const echo = member!.current.message((message) => (message as { echo?: string }).echo, "echo", 5000);
    member!.current.send("hello");
    expect(await echo).toBe("hello");
    expect(heard).toContainEqual([0, { rollcall: "stopped" }]);
    expect(heard).toContainEqual([0, { rollcall: "serving", address }]);
    expect(heard).toContainEqual([0, { echo: "hello" }]);
  });

  it("starts nothing once it is disposed of, also not the second half of a restart", async () => {
    const fleet = await startFleet(options("well", { size: 1 }));
    const [member] = fleet.members;
    const restarting = member!.restart();
    await fleet[Symbol.asyncDispose]();
    await expect(restarting).rejects.toThrow();
    await expect(fleet.add()).rejects.toThrow("the fleet is closed");
    expect(isAlive(member!.current.pid)).toBe(false);
  });

  it("rejects when there is no such program", async () => {
    await expect(FleetProcess.start({ file: "/no/such/program" })).rejects.toThrow(/ENOENT/);
  });
});

describe("the processes of a runner that ends", () => {
  async function runnerWithFleet(script = "runner.mjs"): Promise<{ runner: FleetProcess; pids: number[] }> {
    const runner = await FleetProcess.start({ args: [fixture(script)] });
    const pids = await runner.message((message) => (message as { pids?: number[] }).pids, "pids", 20_000);
    expect(pids.map(isAlive)).toEqual([true, true]);
    return { runner, pids };
  }

  it.each(["exit", "throw"])("end when it ends by %s", async (how) => {
    const { runner, pids } = await runnerWithFleet();
    runner.send(how);
    await runner.exit;
    await untilGone(pids);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const)(
    "end when it is ended by %s",
    async (signal) => {
      const { runner, pids } = await runnerWithFleet();
      runner.signal(signal);
      expect((await runner.exit).signal).toBe(signal);
      await untilGone(pids);
    },
  );

  it.each(["SIGTERM", "SIGKILL"] as const)(
    "end with what they started when it is ended by %s, if they are no Node programs",
    async (signal) => {
      const { runner, pids } = await runnerWithFleet("command-runner.mjs");
      runner.signal(signal);
      expect((await runner.exit).signal).toBe(signal);
      await untilGone(pids);
    },
  );

  it("end with what they started when they are ended by SIGKILL", async () => {
    const { runner, pids } = await runnerWithFleet("command-runner.mjs");
    process.kill(pids[0]!, "SIGKILL");
    await untilGone(pids);
    await runner.stop();
  });
});

describe("a caller process", () => {
  it("calls at its rate, follows the runner's steps, and hands over its receipt", async () => {
    await using caller = await startCaller({ args: [fixture("caller.mjs")] });
    await caller.step("steady");
    await caller.process.message(
      (message) => ((message as { totals?: { calls: number } }).totals?.calls ?? 0) > 200 || undefined,
      "200 calls",
      20_000,
    );
    await caller.step("restart all", { outage: true });
    const { data, durationMs } = await caller.finish();
    const exit = await caller.process.exit;
    const receipt = createReceipt().add(data).receipt();

    expect(exit).toEqual({ code: 0, signal: null });
    expect(receipt.calls).toBeGreaterThanOrEqual(0.98 * 0.5 * durationMs);
    expect(receipt.calls).toBe(receipt.ok + receipt.appErrors + receipt.dropped);
    expect(receipt.attempts).toBe(receipt.calls + receipt.retried);
    expect(receipt.steps.map((step) => step.name)).toContain("steady");
    expect(receipt.streams).toEqual({ opened: 1, completed: 1, reopened: 0, dropped: 0, messages: 1 });
    expect(Object.keys(receipt.perInstance)).toEqual(["a", "b"]);
    expect(receipt.firstDropped[0]).toMatchObject({ instance: "a", error: "[unavailable]: reset" });
    expect(caller.progress.totals.calls).toBeGreaterThan(200);
  });
});

import { FakeClock, settle } from "@rollcall/testing";
import type { Exit } from "@rollcall/testing/fleet";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { DevEvent } from "./events.js";
import { RestartLoop } from "./restart-loop.js";
import type { ServiceProcess } from "./service-process.js";

/** A process that does what a test says. */
class ScriptedProcess implements ServiceProcess {
  readonly #serving = Promise.withResolvers<string>();
  readonly #exit = Promise.withResolvers<Exit>();
  readonly serving = this.#serving.promise;
  readonly exit = this.#exit.promise;
  /** How often it was asked to stop. */
  stops = 0;

  constructor(readonly pid: number) {}

  serve(): void {
    this.#serving.resolve(`127.0.0.1:${5000 + this.pid}`);
  }

  end(code: number | null = 0, signal: NodeJS.Signals | null = null): void {
    this.#exit.resolve({ code, signal });
  }

  async stop(): Promise<Exit> {
    this.stops++;
    return this.exit;
  }
}

let clock: FakeClock;
let events: DevEvent[];
let processes: ScriptedProcess[];
let stopFirst: boolean;
/** What the next preparation fails with. */
let fault: Error | undefined;
let interrupt: AbortController;
let loop: RestartLoop;
let ended: Promise<void>;

beforeEach(async () => {
  clock = new FakeClock();
  events = [];
  processes = [];
  stopFirst = false;
  fault = undefined;
  interrupt = new AbortController();
  loop = new RestartLoop({
    clock,
    startTimeoutMs: 20_000,
    report: (event) => void events.push(event),
    prepare: async () => {
      if (fault) throw fault;
      const start = async (): Promise<ServiceProcess> => {
        const process = new ScriptedProcess(processes.length + 1);
        processes.push(process);
        return process;
      };
      return { service: "src/main.ts", stopFirst, start };
    },
  });
  ended = loop.run(interrupt.signal);
  await settle();
});

afterEach(async () => {
  interrupt.abort();
  for (const process of processes) process.end();
  await ended;
  // Whatever happened, nothing is left behind.
  expect(clock.pending).toBe(0);
});

const names = (): string[] => events.map(({ event }) => event);

/** Process 1 serves. */
async function serving(): Promise<void> {
  processes[0]!.serve();
  await settle();
  expect(names()).toEqual(["starting", "serving"]);
  events.length = 0;
}

async function change(...paths: string[]): Promise<void> {
  loop.change(paths);
  await settle();
}

it("starts at once and says when the service serves, and how long that took", async () => {
  await clock.advance(420);
  processes[0]!.serve();
  await settle();
  expect(events).toEqual([
    { event: "starting", service: "src/main.ts", pid: 1 },
    { event: "serving", address: "127.0.0.1:5001", pid: 1, ms: 420 },
  ]);
});

it("asks the old process to drain only once the new one serves", async () => {
  await serving();
  await change("src/a.ts");
  expect(processes).toHaveLength(2);
  await clock.advance(300);
  expect(processes[0]!.stops).toBe(0);
  processes[1]!.serve();
  await settle();
  expect(processes[0]!.stops).toBe(1);
  await clock.advance(50);
  processes[0]!.end();
  await settle();
  expect(events).toEqual([
    { event: "changed", paths: ["src/a.ts"] },
    { event: "starting", service: "src/main.ts", pid: 2 },
    { event: "restarted", address: "127.0.0.1:5002", pid: 2, ms: 300 },
    { event: "drained", pid: 1, ms: 50, code: 0, signal: null },
  ]);
});

it("starts the next process while an old one still drains", async () => {
  await serving();
  for (const index of [1, 2]) {
    await change("src/a.ts");
    processes[index]!.serve();
    await settle();
  }
  expect(processes.map(({ stops }) => stops)).toEqual([1, 1, 0]);
  expect(names()).not.toContain("drained");
});

it("starts the new process only once the old one has ended, where both would want the same port", async () => {
  await serving();
  stopFirst = true;
  await change("src/a.ts");
  expect(processes).toHaveLength(1);
  expect(processes[0]!.stops).toBe(1);
  processes[0]!.end();
  await settle();
  processes[1]!.serve();
  await settle();
  expect(names()).toEqual(["changed", "drained", "starting", "restarted"]);
});

it.each([
  ["ends with an error", (process: ScriptedProcess) => process.end(1), "pid 2 ended with code 1"],
  ["ends too early without one", (process: ScriptedProcess) => process.end(0), "pid 2 ended with code 0"],
  [
    "is killed",
    (process: ScriptedProcess) => process.end(null, "SIGKILL"),
    "pid 2 ended with SIGKILL before it served",
  ],
])("keeps the old process when the new one %s, and tries again at the next change", async (_, fail, why) => {
  await serving();
  await change("src/a.ts");
  fail(processes[1]!);
  await settle();
  expect(events.at(-1)).toMatchObject({ event: "failed", serving: 1 });
  expect(events.at(-1)).toHaveProperty("reason", expect.stringContaining(why));
  expect(processes[0]!.stops).toBe(0);
  await clock.advance(600_000);
  expect(processes).toHaveLength(2);

  await change("src/a.ts");
  processes[2]!.serve();
  await settle();
  expect(events.at(-1)).toMatchObject({ event: "restarted", pid: 3 });
  expect(processes[0]!.stops).toBe(1);
});

it("gives up a process that does not serve in time, and ends it", async () => {
  await serving();
  await change("src/a.ts");
  await clock.advance(19_999);
  expect(processes[1]!.stops).toBe(0);
  await clock.advance(1);
  expect(events.at(-1)).toEqual({
    event: "failed",
    reason: "pid 2 did not serve within 20s",
    serving: 1,
  });
  expect(processes.map(({ stops }) => stops)).toEqual([0, 1]);
  // Changes wait until it has gone.
  await change("src/a.ts");
  expect(processes).toHaveLength(2);
  processes[1]!.end(null, "SIGKILL");
  await settle();
  expect(processes).toHaveLength(3);
});

it("keeps the old process when nothing can be started as things are", async () => {
  await serving();
  fault = new Error("registry is not a URL");
  await change(".env");
  expect(events.at(-1)).toEqual({ event: "failed", reason: "registry is not a URL", serving: 1 });
  fault = undefined;
  await change(".env");
  expect(names().at(-1)).toBe("starting");
});

it("takes up all changes during a restart by one more", async () => {
  await serving();
  await change("src/a.ts");
  await change("src/b.ts");
  await clock.advance(100);
  await change("src/c.ts");
  expect(processes).toHaveLength(2);
  processes[1]!.serve();
  await settle();
  expect(processes).toHaveLength(3);
  // From the first change that it takes up.
  processes[2]!.serve();
  await settle();
  expect(events.at(-1)).toMatchObject({ event: "restarted", pid: 3, ms: 100 });
  await clock.advance(600_000);
  expect(processes).toHaveLength(3);
});

it("waits for a change when the service ends by itself, once or at its start", async () => {
  await serving();
  processes[0]!.end(134);
  await settle();
  await clock.advance(600_000);
  expect(events).toEqual([{ event: "exited", pid: 1, code: 134, signal: null }]);
  expect(processes).toHaveLength(1);

  await change("src/a.ts");
  processes[1]!.end(1);
  await settle();
  expect(events.at(-1)).toEqual({
    event: "failed",
    reason: "pid 2 ended with code 1 before it served",
    serving: undefined,
  });

  await change("src/a.ts");
  processes[2]!.serve();
  await settle();
  // Nothing was replaced.
  expect(names().at(-1)).toBe("serving");
});

it("goes on with a restart when the old process ends by itself meanwhile", async () => {
  await serving();
  await change("src/a.ts");
  processes[0]!.end(1);
  await settle();
  expect(names().at(-1)).toBe("exited");
  processes[1]!.serve();
  await settle();
  expect(names().at(-1)).toBe("restarted");
  expect(processes[0]!.stops).toBe(0);
});

it("drains all processes at the end, each asked once, and resolves when they have gone", async () => {
  await serving();
  await change("src/a.ts");
  processes[1]!.serve();
  await settle();
  await change("src/a.ts");
  let over = false;
  void ended.then(() => (over = true));
  interrupt.abort();
  await settle();
  // The first drains already, the second serves, the third has not got so far.
  expect(processes.map(({ stops }) => stops)).toEqual([1, 1, 1]);
  for (const process of processes) {
    expect(over).toBe(false);
    process.end();
    await settle();
  }
  expect(over).toBe(true);
  expect(names()).not.toContain("exited");
  expect(names()).not.toContain("failed");
});

it("starts nothing after the end, also not what a stop made room for", async () => {
  await serving();
  stopFirst = true;
  await change("src/a.ts");
  interrupt.abort();
  processes[0]!.end();
  await ended;
  loop.change(["src/b.ts"]);
  await settle();
  expect(processes).toHaveLength(1);
});

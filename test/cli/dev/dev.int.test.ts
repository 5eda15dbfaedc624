import { createServer } from "node:net";
import { createClient } from "@rollcall/app";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holdPort } from "../../../packages/testing/src/ports/held-port.js";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { CallerLoop } from "./caller-loop.js";
import { DevProcess, isAlive } from "./dev-process.js";
import { DevProject } from "./dev-project.js";
import { tsLoader } from "../../programs.js";

const long = 240_000;

/** A service that says that it stopped, and gets stuck in its teardown. */
const stuck = `process.on("SIGTERM", () => process.send({ rollcall: "stopped" }));
process.send({ rollcall: "serving", address: "127.0.0.1:1" });
setInterval(() => {}, 1000);
`;

/** A service that does not end when it is asked to. */
const deaf = `process.on("SIGTERM", () => console.log("asked"));
console.log("deaf", process.pid);
process.send?.({ rollcall: "serving", address: "127.0.0.1:1" });
setInterval(() => {}, 1000);
`;

let project: DevProject;
const processes: DevProcess[] = [];

beforeEach(async () => {
  project = await DevProject.create();
});
afterEach(async () => {
  for (const each of processes.splice(0)) await each[Symbol.asyncDispose]();
  await project[Symbol.asyncDispose]();
});

function dev(args: readonly string[] = [], env?: NodeJS.ProcessEnv): DevProcess {
  // What a test machine has set must not decide.
  const started = new DevProcess(project.folder, ["--registry-port=0", ...args], {
    ROLLCALL_REGISTRY: undefined,
    ROLLCALL_PORT: undefined,
    ...env,
  });
  processes.push(started);
  return started;
}

const untilGone = async (pids: readonly number[]): Promise<void> => {
  await expect.poll(() => pids.filter(isAlive), { timeout: 60_000 }).toEqual([]);
};

describe("rollcall dev", () => {
  it(
    "restarts on each change without a dropped call, the new process first",
    async () => {
      const loop = dev();
      const { url, kind } = await loop.event("registry");
      expect(kind).toBe("embedded");
      await loop.event("serving");
      {
        await using caller = new CallerLoop(url);
        await caller.answered("v0");
        for (const n of [1, 2, 3, 4, 5]) {
          await loop.restartBy(() => project.answer(`v${n}`));
          await caller.answered(`v${n}`);
          await loop.event("drained", n - 1);
        }
        expect(caller.errors).toEqual([]);
        expect(caller.answers).toBeGreaterThan(100);
      }
      // The contracts were not there at first: they were generated once, before the first start.
      expect(loop.events.map(({ event }) => event)).toEqual([
        "registry",
        "generated",
        "starting",
        "serving",
        ...[1, 2, 3, 4, 5].flatMap(() => ["changed", "starting", "restarted", "drained"]),
      ]);
      expect(loop.all("drained").map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
      const pids = loop.all("starting").map(({ pid }) => pid);
      expect(await loop.stop()).toBe(0);
      expect(pids.filter(isAlive)).toEqual([]);
    },
    long,
  );

  it(
    "restarts on each change without a dropped call on a port of its own, the old process first",
    async () => {
      await using held = await holdPort();
      const { port } = held;
      await project.write(".env", `ROLLCALL_PORT=${port}\nSUFFIX=!\n`);
      const loop = dev();
      const { url } = await loop.event("registry");
      expect((await loop.event("serving")).address).toBe(`127.0.0.1:${port}`);
      await using caller = new CallerLoop(url);
      await caller.answered("v0!");
      for (const n of [1, 2, 3, 4, 5]) {
        const change = n === 3 ? project.write(".env", `ROLLCALL_PORT=${port}\n`) : project.answer(`v${n}`);
        expect((await loop.restartBy(() => change)).address).toBe(`127.0.0.1:${port}`);
        await caller.answered(["v1!", "v2!", "v2", "v4", "v5"][n - 1]!);
      }
      expect(caller.errors).toEqual([]);
      expect(loop.events.map(({ event }) => event).slice(4)).toEqual(
        [1, 2, 3, 4, 5].flatMap(() => ["changed", "drained", "starting", "restarted"]),
      );
      expect(loop.all("drained").map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    },
    long,
  );

  it(
    "keeps what serves while a change does not start, and takes up the next",
    async () => {
      const loop = dev();
      const { pid } = await loop.event("serving");
      await using caller = new CallerLoop((await loop.event("registry")).url);
      await caller.answered("v0");

      await project.write("src/answer.ts", "export class Answer { readonly text = ");
      expect(await loop.event("failed")).toMatchObject({ serving: pid });
      expect(loop.output).toMatch(/answer\.ts/);
      await project.write("src/answer.ts", 'throw new Error("no answer today");\nexport class Answer {}\n');
      expect(await loop.event("failed", 1)).toMatchObject({ serving: pid });
      expect(loop.output).toContain("no answer today");
      expect(caller.last).toBe("v0");

      await loop.restartBy(() => project.answer("v1"));
      await caller.answered("v1");
      expect(caller.errors).toEqual([]);
      expect(await loop.event("drained")).toMatchObject({ pid, code: 0 });
    },
    long,
  );

  it(
    "generates contracts from a changed proto, for one restart, and says where one is wrong",
    async () => {
      const loop = dev();
      await loop.event("serving");
      await loop.restartBy(() => project.field("string note = 2;"));
      expect(loop.all("generated").at(-1)).toEqual({
        event: "generated",
        out: "src/gen",
        modules: ["shop.ts"],
      });

      await project.field("strnig note = 2;");
      const { problems } = await loop.event("not-generated");
      expect(problems).toEqual([expect.stringMatching(/^proto\/shop\.proto:6:35: .*strnig/)]);
      // A test is nothing to restart for, and neither is a proto that changes nothing.
      await project.write("src/orders.test.ts", "");
      await project.field("string note = 2; // a remark");
      await loop.restartBy(() => project.answer("v1"));
      expect(loop.all("changed")).toEqual([
        { event: "changed", paths: ["src/gen/shop.ts"] },
        { event: "changed", paths: ["src/answer.ts"] },
      ]);
    },
    long,
  );

  it(
    "waits for a change when the service ends by itself",
    async () => {
      const loop = dev();
      const { pid } = await loop.event("serving");
      const { url } = await loop.event("registry");
      await using orders = createClient(Orders, { registry: url });
      await orders.get({ id: "crash" }, { timeoutMs: 3_000 }).catch(() => {});
      expect(await loop.event("exited")).toEqual({ event: "exited", pid, code: 42, signal: null });
      await project.answer("v1");
      await loop.event("serving", 1);
      expect((await orders.get({ id: "1" }, { timeoutMs: 30_000 })).id).toBe("v1");
    },
    long,
  );

  it(
    "does not wait for a process that has stopped and does not end",
    async () => {
      await project.write("src/main.ts", stuck);
      await project.write(".env", "ROLLCALL_GRACE_PERIOD_MS=600000");
      const loop = dev();
      const { pid } = await loop.event("serving");
      await loop.restartBy(() => project.answer("v1"));
      expect(await loop.event("drained")).toMatchObject({ pid, code: 0 });
      expect(isAlive(pid)).toBe(false);
    },
    long,
  );

  it(
    "knows from the registry that a command serves which passes no IPC on, and drains what it started",
    async () => {
      const script = `"${process.execPath}" --import "${tsLoader}" src/main.ts`;
      // As npm has it: a shell that waits, and ends without telling the service.
      const loop = dev(["--", "env", "-u", "NODE_CHANNEL_FD", "sh", "-c", `${script}; exit 7`]);
      const { pid } = await loop.event("serving");
      await using caller = new CallerLoop((await loop.event("registry")).url);
      await caller.answered("v0");
      await loop.restartBy(() => project.answer("v1"));
      await caller.answered("v1");
      expect(await loop.event("drained")).toMatchObject({ pid, signal: "SIGTERM" });
      expect(loop.output.match(/"name":"orders","msg":"stopped"/g)).toHaveLength(1);
      expect(caller.errors).toEqual([]);
    },
    long,
  );
});

describe("what rollcall dev leaves behind", () => {
  it.each([
    ["its service", []],
    ["a command", ["--", "sh", "-c", `"${process.execPath}" --import "$LOADER" src/main.ts; exit 7`]],
  ])(
    "is nothing when it is killed while it runs %s",
    async (_, args) => {
      const loop = dev(args, { LOADER: tsLoader });
      const { pid } = await loop.event("serving");
      const logged = [...loop.output.matchAll(/"pid":(\d+)/g)].map(([, each]) => Number(each));
      const pids = [...new Set([pid, ...logged])];
      expect(pids.filter(isAlive)).toEqual(pids);
      loop.child.kill("SIGKILL");
      await untilGone(pids);
    },
    long,
  );

  it.each([
    ["its service", []],
    ["a command", ["--", "sh", "-c", `"${process.execPath}" --import "$LOADER" src/main.ts; exit 7`]],
  ])(
    "is nothing after a second Ctrl-C, which does not wait for the drain, while it runs %s",
    async (_, args) => {
      await project.write("src/main.ts", deaf);
      const loop = dev(args, { LOADER: tsLoader });
      await loop.event("serving");
      const pid = Number(/deaf (\d+)/.exec(loop.output)?.[1]);
      loop.child.kill("SIGINT");
      await expect.poll(() => loop.output, { timeout: 60_000 }).toContain("asked");
      expect(isAlive(pid)).toBe(true);
      expect(await loop.stop()).toBe(130);
      await untilGone([pid]);
    },
    long,
  );
});

describe("the registry of rollcall dev", () => {
  it(
    "is shared with others, and taken over by one of them when its process ends",
    async () => {
      const first = dev();
      const { url } = await first.event("registry");
      const port = url.slice(url.lastIndexOf(":") + 1);
      await first.event("serving");
      const second = dev([`--registry-port=${port}`], { SUFFIX: " of the second" });
      expect(await second.event("registry")).toEqual({ event: "registry", url, kind: "shared" });
      await second.event("serving");
      await using caller = new CallerLoop(url);

      expect(await first.stop()).toBe(0);
      expect(await second.event("registry", 1)).toEqual({ event: "registry", url, kind: "embedded" });
      await caller.answered("v0 of the second");
      // From the new one: nothing is known to this client from before.
      await using late = createClient(Orders, { registry: url, timeoutMs: 60_000 });
      expect((await late.get({ id: "1" })).id).toBe("v0 of the second");
      expect(caller.errors).toEqual([]);
      expect(second.all("starting")).toHaveLength(1);
    },
    long,
  );

  it(
    "is its own where the user names the shared place and nobody is there",
    async () => {
      await using held = await holdPort();
      const { port } = held;
      const url = `etcd://127.0.0.1:${port}`;
      await project.write(".env", `ROLLCALL_REGISTRY=${url}\n`);
      const loop = dev([`--registry-port=${port}`]);
      expect(await loop.event("registry")).toEqual({ event: "registry", url, kind: "embedded" });
      await loop.event("serving");
    },
    long,
  );

  it(
    "is one that the user names",
    async () => {
      const first = dev(["--", "sleep", "600"]);
      const { url } = await first.event("registry");
      await project.write(".env", `ROLLCALL_REGISTRY=${url}\n`);
      const second = dev();
      expect(await second.event("registry")).toEqual({ event: "registry", url, kind: "given" });
      await second.event("serving");
      await using orders = createClient(Orders, { registry: url });
      expect((await orders.get({ id: "1" })).id).toBe("v0");
    },
    long,
  );

  it(
    "is refused where something else listens, or where the URL is none",
    async () => {
      const server = createServer((socket) => socket.resume());
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as { port: number };
      const taken = dev([`--registry-port=${port}`]);
      expect(await taken.exit).toBe(2);
      expect(taken.output).toContain(
        `127.0.0.1:${port} is taken by something that does not answer as an etcd`,
      );
      await new Promise((resolve) => server.close(resolve));

      const wrong = dev(["--registry=redis://:secret@localhost"]);
      expect(await wrong.exit).toBe(2);
      expect(wrong.output).toContain('registry "redis" is not known');
      expect(wrong.output).not.toContain("secret");
    },
    long,
  );
});

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Tests start hundreds of processes of the same modules.
process.env["NODE_COMPILE_CACHE"] ??= new URL(".cache/compiled", import.meta.url).pathname;

/** Tests that judge how long something took: alone on the machine, one file after the other. */
const timed = [
  "test/app/deadlines.int.test.ts",
  "test/attacks/floods.int.test.ts",
  "test/faults/**/*.int.test.ts",
  "test/processes/**/*.int.test.ts",
];

/** Tests that judge seconds, and wait for leases and outages with the machine all but idle: beside each other, and nothing else. */
const waiting = [
  "test/processes/etcd-faults.int.test.ts",
  "test/registry/{etcd-faults,etcd-process}.int.test.ts",
];

/** Tests that load the machine: not beside others that wait for answers. */
const heavy = [
  "bench/src/**/*.int.test.ts",
  "examples/*/src/**/*.int.test.ts",
  "packages/testing/src/fleet/**/*.int.test.ts",
  "test/app/app.int.test.ts",
  "test/attacks/{connections,memory,streams}.int.test.ts",
  "test/cli/dev/**/*.int.test.ts",
  "test/cli/drill/**/*.int.test.ts",
  "test/interop/{go-callers,keepalive}.int.test.ts",
  "test/new/**/*.int.test.ts",
];

const every = {
  // Vitest's own second is less than a machine under load may need.
  expect: { poll: { timeout: 10_000 } },
  setupFiles: ["test/handles/no-handles-left.ts"],
};

const shared = {
  resolve: { conditions: ["@rollcall/source"] },
  ssr: { resolve: { conditions: ["@rollcall/source", "node"] } },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
};

/** What hangs has to end. The demo's test took 45 s beside another file, and 58 s beside two busy loops. */
const patience = { testTimeout: 180_000, hookTimeout: 180_000 };

const withProcesses = {
  ...every,
  globalSetup: ["test/build.ts", "test/loud-skips.ts"],
  exclude: ["**/node_modules/**", "**/dist/**"],
  ...patience,
};

export default defineConfig({
  ...shared,
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          ...every,
          include: ["{packages,examples}/*/src/**/*.test.ts", "bench/src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["**/*.int.test.ts", "**/node_modules/**", "**/dist/**"],
          // Of two cores the default leaves one alone.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 0 },
          // A worker for all files of its share: starting one per file took longer than most files do.
          isolate: false,
          // What hangs has to end; how long a sound test takes is for the machine to say.
          testTimeout: 30_000,
        },
      },
      {
        ...shared,
        test: {
          name: "ports",
          ...every,
          globalSetup: ["test/build.ts", "test/loud-skips.ts", "test/interop/build-go.ts"],
          include: ["packages/*/src/**/*.int.test.ts", "test/**/*.int.test.ts"],
          exclude: [...heavy, ...timed, ...waiting, "**/node_modules/**", "**/dist/**"],
          // They wait more than they work.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          ...patience,
        },
      },
      {
        ...shared,
        test: {
          name: "processes",
          ...withProcesses,
          include: heavy,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...shared,
        test: {
          name: "waiting",
          ...withProcesses,
          include: waiting,
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
        },
      },
      {
        ...shared,
        test: {
          name: "timed",
          ...withProcesses,
          include: timed,
          exclude: [...withProcesses.exclude, ...waiting],
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});

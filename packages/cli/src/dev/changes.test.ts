import { FakeClock, settle } from "@rollcall/testing";
import { beforeEach, expect, it } from "vitest";
import type { ChangeBatch } from "./change-batch.js";
import { followChanges } from "./changes.js";

let clock: FakeClock;
let restarts: (readonly string[])[];
let failures: unknown[];
/** What the generator does with the protos as they are. */
let generate: () => Promise<readonly string[]>;
let generated: number;

beforeEach(() => {
  clock = new FakeClock();
  restarts = [];
  failures = [];
  generated = 0;
  generate = async () => [];
});

function follow(withContracts = true): ChangeBatch {
  const contracts = {
    comeFrom: (file: string) => file.endsWith(".proto"),
    update: async () => {
      generated++;
      return await generate();
    },
  };
  return followChanges({
    clock,
    cwd: "/p",
    contracts: withContracts ? contracts : undefined,
    restart: (paths) => void restarts.push(paths),
    fail: (error) => void failures.push(error),
  });
}

it("restarts once for changes that come soon after each other, when they have come to an end", async () => {
  const changes = follow();
  for (const file of ["/p/src/a.ts", "/p/src/b.ts", "/p/src/a.ts"]) {
    changes.add(file);
    await clock.advance(99);
  }
  expect(restarts).toEqual([]);
  await clock.advance(1);
  expect(restarts).toEqual([["src/a.ts", "src/b.ts"]]);
  changes.add("/p/src/a.ts");
  await clock.advance(100);
  expect(restarts).toEqual([["src/a.ts", "src/b.ts"], ["src/a.ts"]]);
});

it("generates from a changed proto, and restarts once for what that and others changed", async () => {
  generate = async () => ["/p/src/gen/shop.ts"];
  const changes = follow();
  changes.add("/p/proto/shop.proto", "/p/src/a.ts");
  await clock.advance(100);
  expect(restarts).toEqual([]);
  // The watch has seen it too.
  changes.add("/p/src/gen/shop.ts");
  await clock.advance(100);
  expect(restarts).toEqual([["src/a.ts", "src/gen/shop.ts"]]);
  expect(generated).toBe(1);
});

it("restarts nothing for a proto that leaves the contracts as they are, or is not valid", async () => {
  const changes = follow();
  changes.add("/p/proto/shop.proto");
  await clock.advance(1_000);
  expect([generated, restarts]).toEqual([1, []]);
});

it("restarts for a proto where no contracts are generated", async () => {
  const changes = follow(false);
  changes.add("/p/proto/shop.proto");
  await clock.advance(100);
  expect([generated, restarts]).toEqual([0, [["proto/shop.proto"]]]);
});

it("generates once at a time, and again for what changes meanwhile", async () => {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  generate = () => promise;
  const changes = follow();
  changes.add("/p/proto/shop.proto");
  await clock.advance(100);
  changes.add("/p/proto/shop.proto");
  await clock.advance(100);
  expect(generated).toBe(1);
  resolve([]);
  await settle();
  expect(generated).toBe(2);
});

it("goes on after a failure that nobody expects", async () => {
  generate = async () => {
    throw new Error("EACCES");
  };
  const changes = follow();
  changes.add("/p/proto/shop.proto");
  await clock.advance(100);
  changes.add("/p/src/a.ts");
  await clock.advance(100);
  expect(failures).toEqual([new Error("EACCES")]);
  expect(restarts).toEqual([["src/a.ts"]]);
});

it("forgets what is not complete when it is closed", async () => {
  const changes = follow();
  changes.add("/p/src/a.ts");
  await changes.close();
  await clock.advance(1_000);
  expect(restarts).toEqual([]);
  expect(clock.pending).toBe(0);
});

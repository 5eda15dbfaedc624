import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findEtcd } from "./find-etcd.js";

const folder = mkdtempSync(join(tmpdir(), "rollcall-find-etcd-"));
afterAll(() => rmSync(folder, { recursive: true }));

function binary(...path: string[]): string {
  const file = join(folder, ...path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, 0o755);
  return file;
}

test("prefers the named binary, then PATH, then the newest of the cache", () => {
  const named = binary("named");
  const onPath = binary("bin", "etcd");
  binary("cache", "etcd", "3.6.9", "etcd");
  const newest = binary("cache", "etcd", "3.6.16", "etcd");
  const ROLLCALL_CACHE = join(folder, "cache");
  const PATH = [join(folder, "nothing"), dirname(onPath)].join(":");
  expect(findEtcd({ ROLLCALL_TEST_ETCD: named, PATH, ROLLCALL_CACHE })).toBe(named);
  expect(findEtcd({ PATH, ROLLCALL_CACHE })).toBe(onPath);
  expect(findEtcd({ ROLLCALL_CACHE })).toBe(newest);
  expect(findEtcd({ ROLLCALL_CACHE: join(folder, "nothing") })).toBeUndefined();
});

test("refuses a named binary that cannot be run", () => {
  const ROLLCALL_TEST_ETCD = join(folder, "absent");
  expect(() => findEtcd({ ROLLCALL_TEST_ETCD })).toThrow(`ROLLCALL_TEST_ETCD is "${ROLLCALL_TEST_ETCD}"`);
});

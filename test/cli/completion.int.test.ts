import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RegistryBackend } from "@rollcall/core";
import { etcdRegistry } from "@rollcall/registry/etcd";
import { EtcdServer } from "@rollcall/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scripts } from "../../packages/cli/src/completion/scripts.js";
import { instanceOf, nextIncarnation } from "../registry/instance.js";
import { until } from "../registry/until.js";
import { rollcallMain } from "../programs.js";

const root = join(import.meta.dirname, "../..");
const rollcall = `rollcall() { '${process.execPath}' '${rollcallMain}' "$@"; }`;

let etcd: EtcdServer;
let fleet: RegistryBackend;
beforeAll(async () => {
  etcd = await EtcdServer.start({ port: 0 });
  fleet = etcdRegistry({ url: etcd.url });
  const instance = instanceOf({ incarnation: nextIncarnation(), service: "shop.v1.Orders" });
  await until(fleet.register([instance], new AbortController().signal).state, (state) => state === "visible");
});
afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await etcd[Symbol.asyncDispose]();
});

/** What bash offers for a line that ends at the cursor. */
async function offered(line: string, registry: string = etcd.url): Promise<readonly string[]> {
  const script = [
    rollcall,
    'source /dev/stdin <<< "$COMPLETION"',
    "complete -p rollcall >/dev/null",
    // As bash does when Tab is pressed.
    'COMP_LINE="$LINE" COMP_POINT=${#LINE}',
    "_rollcall_completion",
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join("\n");
  const env = { ...process.env, LINE: line, COMPLETION: scripts.bash, ROLLCALL_REGISTRY: registry };
  const { stdout, stderr } = await promisify(execFile)("bash", ["--norc", "-eu", "-c", script], {
    cwd: root,
    env,
  });
  expect(stderr).toBe("");
  return stdout.split("\n").filter(Boolean);
}

describe("completion in bash", () => {
  it("offers commands and options", async () => {
    expect(await offered("rollcall ro")).toEqual(["rollout"]);
    expect(await offered("rollcall rollout ")).toContain("abort");
    expect(await offered("rollcall call --add")).toEqual(["--address"]);
  });

  it("offers services of the registry that the line or the environment names", async () => {
    expect(await offered("rollcall call shop")).toEqual(["shop.v1.Orders"]);
    expect(await offered("rollcall ls Ord", "etcd://127.0.0.1:1")).toEqual([]);
    expect(await offered(`rollcall ls --registry ${etcd.url} Ord`, "etcd://127.0.0.1:1")).toEqual(["Orders"]);
  });

  it("runs nothing that stands on the line", async () => {
    const line = "rollcall call $(echo ran >&2) `echo ran >&2` 'a \"b";
    expect(await offered(`${line} --js`)).toEqual(["--json"]);
  });
});

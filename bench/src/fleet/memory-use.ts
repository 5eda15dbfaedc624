import { EtcdServer } from "@rollcall/testing";
import { Side } from "../processes/side.js";
import { siblingOf } from "../processes/sibling.js";
import type { Memory } from "./memory.js";
import type { ClientOrder, InstanceOrder } from "./orders.js";

/** What one process holds, and what it is. */
export interface MemoryRow extends Memory {
  readonly process: string;
}

/** More apps than these in one process would wait for each other. */
const mostApps = 250;

/** Idle processes: a server as grpc-js alone makes it, an instance, and clients by how many endpoints they are connected to. */
export async function measureMemory(
  endpoints: readonly number[],
  signal?: AbortSignal,
): Promise<readonly MemoryRow[]> {
  const server = await inProcess(["instance"], async ([side]) => {
    await side!.tell({ do: "grpc-js" } satisfies InstanceOrder, signal);
    return memoryOf(side!, signal);
  });
  const instance = await withRegistry((url) =>
    inProcess(["instance"], async ([side]) => {
      await side!.tell({ do: "start", registry: url, apps: 1 } satisfies InstanceOrder, signal);
      return memoryOf(side!, signal);
    }),
  );
  const rows: MemoryRow[] = [
    { process: "server of grpc-js alone", ...server },
    { process: "instance", ...instance },
  ];
  for (const count of endpoints)
    rows.push({
      process: `client, ${count.toLocaleString("en")} endpoints`,
      ...(await ofClient(count, signal)),
    });
  return rows;
}

/** The endpoints are real: each is an app with a server, a port and an identity of its own, many of them in one process. */
const ofClient = (count: number, signal?: AbortSignal): Promise<Memory> =>
  withRegistry((url) => {
    const servers = Math.ceil(count / mostApps);
    const scripts = [...Array.from({ length: servers }, () => "instance"), "client"];
    return inProcess(scripts, async (sides) => {
      const client = sides.at(-1)!;
      const starts = sides.slice(0, -1).map(async (side, n) => {
        const apps = Math.min(mostApps, count - n * mostApps);
        await side.tell({ do: "start", registry: url, apps } satisfies InstanceOrder, signal);
      });
      await Promise.all(starts);
      await client.tell({ do: "start", registry: url, endpoints: count } satisfies ClientOrder, signal);
      return memoryOf(client, signal);
    });
  });

const memoryOf = (side: Side, signal?: AbortSignal): Promise<Memory> =>
  side.tell<Memory>({ do: "memory" }, signal);

async function withRegistry<T>(work: (url: string) => Promise<T>): Promise<T> {
  await using registry = await EtcdServer.start();
  return await work(registry.url);
}

/** A process per script, which ends with the work. */
async function inProcess<T>(
  scripts: readonly string[],
  work: (sides: readonly Side[]) => Promise<T>,
): Promise<T> {
  const sides = scripts.map((script) =>
    Side.node(`an ${script}`, siblingOf(import.meta.url, `${script}-process`), ["--expose-gc"]),
  );
  try {
    return await work(sides);
  } finally {
    await Promise.all(sides.map((side) => side[Symbol.asyncDispose]()));
  }
}

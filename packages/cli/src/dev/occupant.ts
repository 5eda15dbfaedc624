import { connect } from "node:net";
import { etcdRegistry } from "@rollcall/registry/etcd";
import type { Occupant } from "./shared-registry.js";

const host = "127.0.0.1";
const connectTimeoutMs = 1_000;
const answerTimeoutMs = 3_000;

/** Who listens on a port of this machine. One that is known to be an etcd is not asked again while it listens. */
export function occupants(): (port: number) => Promise<Occupant> {
  const etcds = new Set<number>();
  return async (port) => {
    if (!(await listens(port))) {
      etcds.delete(port);
      return "nobody";
    }
    if (!etcds.has(port) && (await answers(port))) etcds.add(port);
    return etcds.has(port) ? "etcd" : "somebody";
  };
}

/** One that is too slow to accept is there nevertheless. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(connectTimeoutMs, () => end(true));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

async function answers(port: number): Promise<boolean> {
  await using registry = etcdRegistry({ url: `etcd://${host}:${port}` });
  try {
    await registry.ready(AbortSignal.timeout(answerTimeoutMs));
    return true;
  } catch {
    return false;
  }
}

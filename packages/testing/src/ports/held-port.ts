import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:net";
import { type PortRange, stablePorts } from "./stable-ports.js";

/** So many ports are tried before it is said that there is none. */
const attempts = 200;

export interface HoldPortOptions {
  /** Where it is to be listened on. Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** From which ports. Default those that the system does not give out by itself. */
  readonly range?: PortRange | undefined;
}

/**
 * A TCP port for what listens, stops and comes back: it is nobody else's meanwhile. The system gives it to nobody who asks for
 * any port, and nobody else who asks here gets it, in whatever process, until it is disposed of or this process ends. Does
 * not keep the process up.
 */
export class HeldPort implements AsyncDisposable {
  readonly port: number;
  #token: Socket | undefined;

  constructor(port: number, token: Socket) {
    this.port = port;
    this.#token = token;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const token = this.#token;
    this.#token = undefined;
    if (token) await closed(token);
  }
}

/**
 * Finds a port that nobody listens on and nobody holds, and holds it.
 * @throws Error when there is none
 */
export async function holdPort(options: HoldPortOptions = {}): Promise<HeldPort> {
  const { host = "127.0.0.1", range = stablePorts() } = options;
  const { from, to } = range;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = from + Math.floor(Math.random() * (to - from));
    const token = await tokenOf(port);
    if (!token) continue;
    try {
      if (await isFree(port, host)) return new HeldPort(port, token);
    } catch (error) {
      await closed(token);
      throw error;
    }
    await closed(token);
  }
  throw new Error(`no free port on ${host} from ${from} up to ${to} in ${attempts} attempts`);
}

/** The UDP port of the same number: processes can have one another's word on it, and it ends with its process. */
async function tokenOf(port: number): Promise<Socket | undefined> {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ port, address: "127.0.0.1", exclusive: true }, resolve);
    });
    return socket.unref();
  } catch (error) {
    await closed(socket);
    return takenOrThrow(error);
  }
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, host, exclusive: true }, resolve);
    });
  } catch (error) {
    takenOrThrow(error);
    return false;
  }
  await new Promise<void>((done) => server.close(() => done()));
  return true;
}

/** Some systems keep ranges of ports for themselves, and refuse those. */
function takenOrThrow(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
}

async function closed(socket: Socket): Promise<void> {
  await new Promise<void>((done) => socket.close(() => done()));
}

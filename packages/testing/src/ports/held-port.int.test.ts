import { spawn } from "node:child_process";
import { createServer, type Server } from "node:net";
import { describe, expect, it } from "vitest";
import { holdPort } from "./held-port.js";
import { stablePorts } from "./stable-ports.js";

async function listening(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return server;
}

/** The first of `count` ports in a row that were free when asked. */
async function freeRange(count: number): Promise<number> {
  for (;;) {
    const { from, to } = stablePorts();
    const first = from + Math.floor(Math.random() * (to - from - count));
    try {
      for (let port = first; port < first + count; port++) {
        await (await holdPort({ range: { from: port, to: port + 1 } }))[Symbol.asyncDispose]();
      }
      return first;
    } catch (error) {
      // Somebody has one of them: others will do.
      if (!String(error).includes("no free port")) throw error;
    }
  }
}

describe("a held port", () => {
  it("is one that the system does not give out, and can be listened on, left, and listened on again", async () => {
    await using held = await holdPort();
    const { from, to } = stablePorts();
    expect(held.port).toBeGreaterThanOrEqual(from);
    expect(held.port).toBeLessThan(to);
    for (let time = 0; time < 3; time++) {
      await using server = await listening(held.port);
      expect(server.listening).toBe(true);
    }
  });

  it("is nobody else's until it is disposed of, though nothing listens there", async () => {
    const from = await freeRange(2);
    const range = { from, to: from + 2 };
    const first = await holdPort({ range });
    const second = await holdPort({ range });
    expect(new Set([first.port, second.port])).toEqual(new Set([from, from + 1]));
    await expect(holdPort({ range })).rejects.toThrow(
      `no free port on 127.0.0.1 from ${from} up to ${from + 2} in 200 attempts`,
    );
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await using third = await holdPort({ range });
    expect(third.port).toBe(first.port);
    await second[Symbol.asyncDispose]();
  });

  it("is not one that somebody listens on", async () => {
    const from = await freeRange(2);
    await using server = await listening(from);
    expect(server.listening).toBe(true);
    for (let time = 0; time < 5; time++) {
      await using held = await holdPort({ range: { from, to: from + 2 } });
      expect(held.port).toBe(from + 1);
    }
  });

  it("is another process' until that ends, however it ends", async () => {
    const from = await freeRange(1);
    const range = { from, to: from + 1 };
    const url = new URL("../../dist/ports/held-port.js", import.meta.url).href;
    const script = `import { holdPort } from ${JSON.stringify(url)};
      await holdPort({ range: ${JSON.stringify(range)} });
      process.stdout.write("held");
      setInterval(() => {}, 1_000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("close", resolve));
    try {
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await expect(holdPort({ range })).rejects.toThrow("no free port");
    } finally {
      child.kill("SIGKILL");
      await ended;
    }
    await using held = await holdPort({ range });
    expect(held.port).toBe(from);
  });

  it("refuses a host that is not here, and holds nothing then", async () => {
    const from = await freeRange(1);
    const range = { from, to: from + 1 };
    await expect(holdPort({ range, host: "192.0.2.1" })).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
    await using held = await holdPort({ range });
    expect(held.port).toBe(from);
  });
});

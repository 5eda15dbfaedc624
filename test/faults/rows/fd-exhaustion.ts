import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Orders } from "../../fixtures/gen/shop/v1/shop.js";
import { failed, reasons } from "../harness/calls.js";
import { idOf, portOf } from "../harness/processes.js";
import { RawClient } from "../harness/raw-client.js";
import { defineRow } from "../harness/row.js";
import { steadyState } from "../harness/steady-state.js";

const limit = 64;
const sockets = 100;

export const fdExhaustion = defineRow({
  name: "fd-exhaustion",
  fault: "A service runs out of file descriptors",
  inject: "`prlimit --nofile=64` on one of 3, then 100 connections, held for 5 s",
  pace: "normal",
  needs: ["prlimit"],
  limitMs: 90_000,
  bounds: {
    exits: { what: "processes that ended", unit: "", atMost: 0 },
    recoveryMs: { what: "a new connection is served, after they have gone", unit: "ms", atMost: 5_000 },
  },
  async run(context) {
    const { services, caller } = await steadyState(context);
    const victim = services[0]!;
    execFileSync("prlimit", [`--pid=${victim.pid}`, `--nofile=${limit}`]);
    const open: Socket[] = [];
    context.finally(() => {
      for (const socket of open) socket.destroy();
    });
    for (let n = 0; n < sockets; n++) {
      const socket = connect(portOf(idOf(victim)), "127.0.0.1");
      socket.on("error", () => {});
      open.push(socket);
    }
    await context.sleep(5_000);
    const held = readdirSync(`/proc/${victim.pid}/fd`).length;
    const served = async (): Promise<boolean> => {
      try {
        await using raw = await RawClient.connect(idOf(victim), 500);
        const { status } = await raw.call(Orders.methods.get, { id: "1" }, { timeout: "1S" }).ended;
        return status === 0;
      } catch {
        return false;
      }
    };
    context.note(
      `${held} descriptors open of ${limit}; a new connection then ${(await served()) ? "was" : "was not"} served`,
    );
    for (const socket of open) socket.destroy();
    const recoveryMs = await context.until("a new connection is served", 20_000, served);
    await context.sleep(500);
    await caller.end();
    const lost = failed(caller.calls);
    context.note(`${lost.length} of ${caller.calls.length} calls failed`);
    for (const reason of reasons(lost)) context.note(reason);
    return { exits: services.filter(({ state }) => state !== "serving").length, recoveryMs };
  },
});

import type { FleetProcess } from "@rollcall/testing/fleet";
import { expect, test } from "vitest";
import { describeGoEtcd } from "./describe-go-etcd.js";
import { GoTraffic } from "./go-traffic.js";
import { startServiceProcess } from "./start-service.js";

await describeGoEtcd("a stock Go client with etcd's resolver", (binary, etcd) => {
  const start = async (services: AsyncDisposableStack): Promise<FleetProcess> =>
    services.use(await startServiceProcess(etcd().url));
  /** Told to wait for connections and to retry, and told neither. */
  const clients = async (traffic: AsyncDisposableStack): Promise<{ patient: GoTraffic; bare: GoTraffic }> => {
    const address = `127.0.0.1:${etcd().port}`;
    return {
      patient: traffic.use(await GoTraffic.start(binary, address)),
      bare: traffic.use(await GoTraffic.start(binary, address, ["-bare"])),
    };
  };

  test("drops no call while all instances restart, whether or not it waits and retries", async () => {
    await using processes = new AsyncDisposableStack();
    const fleet = await Promise.all([start(processes), start(processes)]);
    const all = new Set(fleet.map(({ pid }) => `${pid}`));
    const { patient, bare } = await clients(processes);
    const untilAllServedBy = async ({ pid }: FleetProcess): Promise<void> => {
      await Promise.all([untilServedBy(pid, patient), untilServedBy(pid, bare)]);
    };
    for (const each of fleet) await untilAllServedBy(each);
    for (const old of fleet) {
      await old.stop();
      const next = await start(processes);
      all.add(`${next.pid}`);
      await untilAllServedBy(next);
    }
    for (const client of [patient, bare]) {
      const { calls, failed, served } = await client.end();
      console.log(`${calls} calls, failed: ${JSON.stringify(failed)}`);
      expect(failed).toEqual({});
      expect(new Set(Object.keys(served))).toEqual(all);
    }
  });

  test("outlasts a restart of the only instance if it waits for connections, and not otherwise", async () => {
    await using processes = new AsyncDisposableStack();
    const only = await start(processes);
    const { patient, bare } = await clients(processes);
    await only.stop();
    const { pid } = await start(processes);
    await Promise.all([untilServedBy(pid, patient), untilServedBy(pid, bare)]);
    expect((await patient.end()).failed).toEqual({});
    expect((await bare.end()).failed).not.toEqual({});
  });
});

async function untilServedBy(pid: number, client: GoTraffic): Promise<void> {
  await expect
    .poll(async () => Object.keys((await client.receipt()).served), { timeout: 10_000 })
    .toContain(`${pid}`);
}

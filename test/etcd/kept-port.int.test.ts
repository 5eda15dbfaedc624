import { etcdBackends } from "@rollcall/testing";
import { describe, expect, it } from "vitest";
import { holdPort } from "../../packages/testing/src/ports/held-port.js";

describe.each(etcdBackends())("the port of an etcd ($name)", ({ start }) => {
  it("is kept while it is down, and given back when it is closed", async () => {
    const etcd = await start();
    const port = Number(etcd.address.split(":")[1]);
    const range = { from: port, to: port + 1 };
    await etcd.stop();
    await expect(holdPort({ range })).rejects.toThrow("no free port");
    await etcd.start();
    expect(await etcd.revision()).toBe(1);
    await etcd.close();
    await etcd.close();
    await using held = await holdPort({ range });
    expect(held.port).toBe(port);
  });
});

import { ConfigError } from "@rollcall/core";
import { FakeClock, settle } from "@rollcall/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { SharedRegistry, type Occupant, type OwnRegistry } from "./shared-registry.js";

const port = 2379;
const url = `etcd://127.0.0.1:${port}`;

let clock: FakeClock;
/** Who has the port. */
let occupant: Occupant;
/** Somebody takes the port between a look and an attempt. */
let snatched: Occupant | undefined;

beforeEach(() => {
  clock = new FakeClock();
  occupant = "nobody";
  snatched = undefined;
});

/** One development loop. */
async function open(wanted = port): Promise<{ shared: SharedRegistry; places: string[] }> {
  const places: string[] = [];
  const shared = await SharedRegistry.open({
    port: wanted,
    clock,
    look: async () => occupant,
    async serve(port): Promise<OwnRegistry> {
      if (port === 0) return { url: "etcd://127.0.0.1:41000", async [Symbol.asyncDispose]() {} };
      occupant = snatched ?? occupant;
      if (occupant !== "nobody") throw new ConfigError(`port ${port} on 127.0.0.1 is in use`);
      occupant = "etcd";
      return {
        url,
        async [Symbol.asyncDispose]() {
          occupant = "nobody";
        },
      };
    },
    onPlace: (kind, url) => void places.push(`${kind} ${url}`),
  });
  return { shared, places };
}

describe("the registry that development loops share", () => {
  it("is in the process of the first one, and is used by the others", async () => {
    const first = await open();
    const second = await open();
    expect(first.places).toEqual([`embedded ${url}`]);
    expect(second.places).toEqual([`shared ${url}`]);
    expect(second.shared.url).toBe(url);
    await second.shared[Symbol.asyncDispose]();
    expect(occupant).toBe("etcd");
    await first.shared[Symbol.asyncDispose]();
    expect(occupant).toBe("nobody");
  });

  it("is taken over by one of the others when the process that has it ends", async () => {
    const [first, second, third] = [await open(), await open(), await open()];
    await first.shared[Symbol.asyncDispose]();
    await clock.advance(1_000);
    expect(second.places).toEqual([`shared ${url}`, `embedded ${url}`]);
    expect(third.places).toEqual([`shared ${url}`]);
    await second.shared[Symbol.asyncDispose]();
    await clock.advance(1_000);
    expect(third.places).toEqual([`shared ${url}`, `embedded ${url}`]);
    await third.shared[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });

  it("is not taken over while it is there, nor after the end", async () => {
    occupant = "etcd";
    const { shared, places } = await open();
    await clock.advance(60_000);
    await shared[Symbol.asyncDispose]();
    occupant = "nobody";
    await clock.advance(60_000);
    expect(places).toEqual([`shared ${url}`]);
    expect(occupant).toBe("nobody");
  });

  it("is the other one's when two begin at the same moment", async () => {
    snatched = "etcd";
    const { shared, places } = await open();
    expect(places).toEqual([`shared ${url}`]);
    await shared[Symbol.asyncDispose]();
  });

  it.each(["somebody", "snatched"])("is refused where something else has the port: %s", async (how) => {
    if (how === "snatched") snatched = "somebody";
    else occupant = "somebody";
    await expect(open()).rejects.toThrow(
      "127.0.0.1:2379 is taken by something that does not answer as an etcd; stop it, or choose another place by --registry-port or --registry",
    );
    await expect(open()).rejects.toThrow(ConfigError);
  });

  it("is nobody else's on any free port", async () => {
    occupant = "etcd";
    const { shared, places } = await open(0);
    await settle();
    expect(places).toEqual(["embedded etcd://127.0.0.1:41000"]);
    await shared[Symbol.asyncDispose]();
  });

  it("does not hide what goes wrong otherwise", async () => {
    const serve = async (): Promise<OwnRegistry> => {
      throw new Error("EMFILE");
    };
    const options = { port, clock, look: async (): Promise<Occupant> => "nobody", serve, onPlace: () => {} };
    await expect(SharedRegistry.open(options)).rejects.toThrow("EMFILE");
  });
});

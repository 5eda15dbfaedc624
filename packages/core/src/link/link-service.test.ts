import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeClock, settle } from "@rollcall/testing/clock";
import { instance } from "../fixtures/contracts.js";
import { servedBy } from "../fixtures/link-server.js";
import type { FrameInit, Hello } from "../gen/rollcall/link/v1/link.js";
import { Link } from "../gen/rollcall/link/v1/link.js";
import { CallerLink, type CallerLinkEvents } from "./caller-link.js";
import { FrameQueue } from "./frame-queue.js";
import { createLinkService, type LinkDrain } from "./link-service.js";

const { id, incarnation, service } = instance("a");
const identity = { instance: id, incarnation, app: "echo", services: [service] };

/** Frames as they are after a wire. */
const codec = Link.methods.open.request;
const throughWire = (frame: object): object => codec.decode(codec.encode(frame));

function setup() {
  const links = createLinkService();
  const draining = new AbortController();
  const open = (caller: string, address: string, events: Partial<CallerLinkEvents> = {}): CallerLink => {
    const serve = servedBy(links, draining.signal, address);
    const call: typeof serve = async (each) => {
      const requests = each.request as AsyncIterable<object>;
      async function* decoded(source: AsyncIterable<object>): AsyncIterable<object> {
        for await (const frame of source) yield throughWire(frame);
      }
      const served = each.with({ request: decoded(requests) });
      const reply = await serve(served);
      return reply.responseStream ? { ...reply, response: decoded(reply.response) } : reply;
    };
    const silent = {
      hello: () => {},
      laneOpened: () => {},
      drain: () => {},
      ended: () => {},
      idle: () => {},
      closed: () => {},
    };
    return new CallerLink(
      { call },
      { version: 1, caller, app: "shop" },
      { ...silent, ...events },
      { clock: new FakeClock(), busyPollUs: 0 },
    );
  };
  return { links, draining, open };
}

describe("the link service", () => {
  it("says who it is, once it knows", async () => {
    const { links, open } = setup();
    const hellos: Hello[] = [];
    open("c1", "10.0.0.1:1", { hello: (hello) => hellos.push(hello) });
    await settle();
    expect(hellos).toEqual([]);
    links.identify(identity);
    await settle();
    expect(hellos).toEqual([{ ...identity, version: 1, features: [], caller: "" }]);
  });

  it("tells every caller to drain, and is done when all have acknowledged", async () => {
    const { links, open } = setup();
    links.identify(identity);
    const drained: string[] = [];
    for (const name of ["c1", "c2"]) open(name, `${name}:1`, { drain: () => drained.push(name) });
    await settle();
    expect(links.peers()).toEqual(new Set(["c1:1", "c2:1"]));
    expect(await links.drain(new AbortController().signal)).toEqual({ acknowledged: 2, missing: [] });
    expect(drained).toEqual(["c1", "c2"]);
  });

  it("counts a caller once, with however many links", async () => {
    const { links, open } = setup();
    links.identify(identity);
    const drained: string[] = [];
    for (const address of ["c1:1", "c1:2"]) open("c1", address, { drain: () => drained.push(address) });
    await settle();
    expect(await links.drain(new AbortController().signal)).toEqual({ acknowledged: 1, missing: [] });
    expect(drained).toEqual(["c1:1", "c1:2"]);
  });

  it("names those that do not acknowledge in time, and does not wait for those that leave", async () => {
    const { links, open } = setup();
    links.identify(identity);
    const leaving = open("c1", "10.0.0.1:1");
    open("c2", "10.0.0.2:1");
    const silent = servedBy(links, new AbortController().signal, "10.0.0.3:1");
    const mute = new FrameQueue();
    const call = {
      method: Link.methods.open,
      metadata: {},
      deadline: Infinity,
      request: mute,
      onCancel: () => () => {},
    };
    const reply = await silent(call as never);
    if (reply.responseStream) void reply.response[Symbol.asyncIterator]().next();
    await settle();
    const controller = new AbortController();
    let drain: LinkDrain | undefined;
    void links.drain(controller.signal).then((result) => (drain = result));
    await settle();
    expect(drain).toBeUndefined();
    leaving.retire();
    await settle();
    expect(drain).toBeUndefined();
    controller.abort();
    await settle();
    expect(drain).toEqual({ acknowledged: 2, missing: ["10.0.0.3:1"] });
  });

  it("tells a caller that comes later at once", async () => {
    const { links, open } = setup();
    links.identify(identity);
    expect(await links.drain(new AbortController().signal)).toEqual({ acknowledged: 0, missing: [] });
    const seen: string[] = [];
    open("c1", "c1:1", { hello: () => seen.push("hello"), drain: () => seen.push("drain") });
    await settle();
    expect(seen).toEqual(["hello", "drain"]);
  });

  it("ends its links without an error when the server drains, new ones too", async () => {
    const { links, open, draining } = setup();
    links.identify(identity);
    const seen: unknown[] = [];
    open("c1", "c1:1", { ended: (error) => seen.push(error) });
    await settle();
    draining.abort();
    await settle();
    open("c2", "c2:1", { hello: () => seen.push("hello"), ended: (error) => seen.push(error) });
    await settle();
    expect(seen).toEqual([undefined, "hello", undefined]);
    expect(links.peers().size).toBe(0);
  });

  it("answers pings and forgets callers that have gone", async () => {
    const { links, open } = setup();
    links.identify(identity);
    const link = open("c1", "c1:1");
    await settle();
    await link.ping(new AbortController().signal);
    link.retire();
    await settle();
    expect(links.peers().size).toBe(0);
  });

  it("cuts a caller that asks and does not read the answers", async () => {
    const { links } = setup();
    links.identify(identity);
    const requests = Array.from({ length: 1_000 }, (_, id) => ({ kind: "ping", ping: { id } }));
    const source = {
      taken: 0,
      async *[Symbol.asyncIterator]() {
        for (const each of requests) {
          source.taken++;
          yield each;
        }
      },
    };
    const call = {
      method: Link.methods.open,
      metadata: {},
      deadline: Infinity,
      request: source,
      onCancel: () => () => {},
    };
    const reply = await servedBy(links, new AbortController().signal)(call as never);
    if (!reply.responseStream) throw new Error("not a stream");
    const answers = reply.response[Symbol.asyncIterator]();
    await answers.next();
    await settle();
    expect(source.taken).toBeLessThan(100);
    let last = await answers.next();
    while (!last.done) last = await answers.next();
    expect(links.peers().size).toBe(0);
  });
});

describe("a queue of frames", () => {
  it("gives what was pushed in order, then ends; takes no more than 64 that nobody reads", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 200 }), async (steps) => {
        const queue = new FrameQueue();
        const reader = queue[Symbol.asyncIterator]();
        const taken: number[] = [];
        const read: number[] = [];
        let n = 0;
        for (const pushes of steps) {
          if (pushes) {
            const id = n++;
            if (queue.push({ ping: { id } })) taken.push(id);
            else expect(taken.length - read.length).toBe(64);
          } else if (taken.length > read.length) {
            const { value } = (await reader.next()) as IteratorYieldResult<FrameInit>;
            read.push(value.ping!.id!);
          }
        }
        queue.close();
        expect(queue.push({ drain: {} })).toBe(false);
        for (let next = await reader.next(); !next.done; next = await reader.next())
          read.push((next.value as FrameInit).ping!.id!);
        expect(read).toEqual(taken);
      }),
    );
  });
});

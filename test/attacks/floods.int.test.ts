import { describe, expect, it } from "vitest";
import {
  callHeaders,
  EndHeaders,
  EndStream,
  field,
  Frame,
  frame,
  prefix,
  RawConnection,
  uint32,
} from "./raw-connection.js";
import { held, Victim } from "./victim-process.js";

const unary = callHeaders("/test.v1.Echo/unary");
/** A call whose request is complete. */
function whole(id: number, method: string, request: object): Buffer {
  const json = Buffer.from(JSON.stringify(request));
  return Buffer.concat([
    frame(Frame.Headers, EndHeaders, id, callHeaders(`/test.v1.Echo/${method}`)),
    frame(Frame.Data, EndStream, id, Buffer.concat([prefix(json.length), json])),
  ]);
}
const open = (id: number): Buffer => frame(Frame.Headers, EndHeaders, id, unary);

interface Flood {
  readonly name: string;
  /** What goes before it. */
  begin?(connection: RawConnection): Promise<void>;
  next(connection: RawConnection): Buffer;
  /** Whether the attacker leaves unread what the server answers. */
  readonly deaf?: boolean;
}

const floods: readonly Flood[] = [
  {
    name: "rapid reset",
    next(connection) {
      const id = connection.stream();
      return Buffer.concat([open(id), frame(Frame.RstStream, 0, id, uint32(8))]);
    },
  },
  {
    name: "streams that the server is made to reset",
    next(connection) {
      const id = connection.stream();
      return Buffer.concat([open(id), frame(Frame.WindowUpdate, 0, id, uint32(0))]);
    },
  },
  {
    name: "CONTINUATION without end",
    begin: (connection) => connection.send(frame(Frame.Headers, 0, connection.stream(), unary)),
    next: () => frame(Frame.Continuation, 0, 1, field("x", "y".repeat(100))),
  },
  { name: "PING", deaf: true, next: () => frame(Frame.Ping, 0, 0, Buffer.alloc(8)) },
  { name: "SETTINGS", deaf: true, next: () => frame(Frame.Settings, 0, 0) },
  {
    name: "empty DATA",
    begin: (connection) => connection.send(open(connection.stream())),
    next: () => frame(Frame.Data, 0, 1),
  },
  {
    name: "DATA after the end of a request",
    begin: (connection) => connection.send(whole(connection.stream(), "serverStream", { wait: true })),
    next: () => frame(Frame.Data, 0, 1, Buffer.alloc(100)),
  },
];

describe("a flood of frames on one connection", () => {
  for (const flood of floods) {
    it(`is cut off: ${flood.name}`, async () => {
      await using victim = await Victim.start();
      using connection = await RawConnection.open(victim.port, { read: !flood.deaf });
      await flood.begin?.(connection);
      const begun = performance.now();
      // Answers that nobody reads fill the sockets of both ends first, and those may hold as many as 6 MB each.
      const sent = await connection.flood(() => flood.next(connection), flood.deaf ? 1_500_000 : 200_000);
      console.log(`${flood.name}: ${sent} sent`);
      await expect.poll(() => connection.isOpen).toBe(false);
      held(`${flood.name}, connection closed`, performance.now() - begun, flood.deaf ? 10_000 : 1_000, "ms");
      held(`${flood.name}, memory`, await victim.peakGrowthMb(), 48, "MB");
      held(`${flood.name}, next call of another`, await victim.answers(), 1_000, "ms");
      await expect.poll(async () => (await victim.stats()).inflight).toBe(0);
    });
  }

  it("of DATA on a stream that was answered is thrown away", async () => {
    await using victim = await Victim.start();
    using connection = await RawConnection.open(victim.port);
    const id = connection.stream();
    await connection.send(whole(id, "unary", {}));
    await expect.poll(async () => (await victim.stats()).ended).toBe(201);
    await connection.flood(() => frame(Frame.Data, 0, id, Buffer.alloc(100)), 50_000);
    held("DATA on an answered stream, memory", await victim.peakGrowthMb(), 48, "MB");
    held("DATA on an answered stream, next call of another", await victim.answers(), 1_000, "ms");
  });
});

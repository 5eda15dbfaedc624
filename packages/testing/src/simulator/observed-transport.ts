import {
  linkPath,
  mapStream,
  type Call,
  type Connection,
  type Reply,
  type ServiceInstance,
  type Transport,
} from "@rollcall/core";
import { callId, type Ledger } from "./ledger.js";

/** What a caller believes there is: the instances it holds a connection to. */
export interface View {
  readonly held: ReadonlySet<HeldConnection>;
}

/** A connection; a caller that is busy has a second one to the same process. */
export interface HeldConnection {
  readonly instance: ServiceInstance;
  readonly connection: Connection;
  /** When a call for this instance's process was last run by another one. */
  readonly misledMs: number;
  /** It has been called. */
  readonly begun: boolean;
  /** The caller has said on its link that it sends no more calls there. */
  readonly acknowledged: boolean;
  /** When the process said on the link that it is the one meant; Infinity until it has. */
  readonly greetedMs: number;
  /** When the first of what has had no word back was sent; Infinity when all has. */
  readonly silentMs: number;
}

type Entry = { -readonly [K in keyof HeldConnection]: HeldConnection[K] };

/** By process, the oldest first. */
export function heldByProcess({ held }: View): ReadonlyMap<string, readonly HeldConnection[]> {
  return Map.groupBy(held, ({ instance }) => processOf(instance));
}

/** The connection whose state counts. */
export function firstOf(view: View, instance: ServiceInstance): HeldConnection | undefined {
  return heldByProcess(view).get(processOf(instance))?.[0];
}

function processOf({ id, incarnation }: ServiceInstance): string {
  return `${id} (${incarnation})`;
}

/** A transport, and what goes on over it: which instances are held, with what statistics they begin, who answers. */
export function observedTransport(
  transport: Transport,
  ledger: Ledger,
  now: () => number,
  violated: (text: string) => void,
  attempted: (call: Call, instance: ServiceInstance) => void = () => {},
): Transport & View {
  const held = new Set<HeldConnection>();
  return {
    held,
    connect(instance, options) {
      const connection = transport.connect(instance, options);
      const entry: Entry = {
        instance,
        connection,
        misledMs: -Infinity,
        begun: false,
        acknowledged: false,
        greetedMs: Infinity,
        silentMs: Infinity,
      };
      held.add(entry);
      const call = async (made: Call): Promise<Reply> => {
        if (made.method.path === linkPath) {
          entry.acknowledged = false;
          entry.greetedMs = Infinity;
          return heardLink(await connection.call(sentLink(made, entry, now)), entry, now);
        }
        if (!entry.begun && firstOf({ held }, instance) === entry) checkFresh(made, instance, violated);
        // Probes are nobody's calls.
        if (made.attempts.length > 0) attempted(made, instance);
        entry.begun ||= made.attempts.length > 0;
        entry.silentMs = Math.min(entry.silentMs, now());
        const reply = await connection.call(made);
        entry.silentMs = Infinity;
        const id = callId(made);
        const run = id === undefined ? undefined : ledger.lastRun(id);
        if (run !== undefined && run !== instance.incarnation) entry.misledMs = now();
        return reply;
      };
      return {
        call,
        get state() {
          return connection.state;
        },
        onChange: (listener) => connection.onChange(listener),
        abort: (reason) => connection.abort?.(reason),
        close: (graceMs) => {
          held.delete(entry);
          return connection.close(graceMs);
        },
      };
    },
  };
}

/** Sees what the caller sends on its link, and what it acknowledges. */
function sentLink(link: Call, entry: Entry, now: () => number): Call {
  if (!link.requestStream) return link;
  const value = (frame: object): object => {
    entry.silentMs = Math.min(entry.silentMs, now());
    if ("drainAck" in frame) entry.acknowledged = true;
    return frame;
  };
  return link.with({ request: mapStream(link.request, { value }) });
}

/** Hears what the server says on the link. */
function heardLink(reply: Reply, entry: Entry, now: () => number): Reply {
  if (!reply.responseStream) return reply;
  const { id, incarnation } = entry.instance;
  const value = (frame: object): object => {
    entry.silentMs = Infinity;
    const { hello } = frame as Partial<{ hello: { instance: string; incarnation: string } }>;
    if (hello?.instance === id && hello.incarnation === incarnation) entry.greetedMs = now();
    return frame;
  };
  return { ...reply, response: mapStream(reply.response, { value }) };
}

/** A process is measured from its own start. The first call has reserved its place already. */
function checkFresh(call: Call, instance: ServiceInstance, violated: (text: string) => void): void {
  const stats = call.attempts.at(-1)?.stats;
  if (!stats || (stats.latencyMs === 0 && stats.successRate === 1 && stats.inflight <= 1)) return;
  violated(`the first call to ${instance.id} (${instance.incarnation}) found statistics of another process`);
}

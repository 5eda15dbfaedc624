import type { ServerCallContext } from "../call/call.js";
import type { Handlers } from "../contract/shapes.js";
import { Link, type Frame, type FrameInit } from "../gen/rollcall/link/v1/link.js";
import { unlessAborted } from "../lifecycle/bounded.js";
import type { BoundService } from "../server/dispatch.js";
import { FrameQueue, linkVersion } from "./link-protocol.js";

/** Who a server is: as the registry shows it. */
export interface LinkIdentity {
  readonly instance: string;
  readonly incarnation: string;
  readonly app: string;
  /** Full names of the services it has. */
  readonly services: readonly string[];
}

/** What became of a drain. */
export interface LinkDrain {
  /** Callers that said that they send no more calls, or have closed their link. */
  readonly acknowledged: number;
  /** Those that have not said so, as they named themselves. */
  readonly missing: readonly string[];
}

/** `rollcall.link.v1.Link` for a server. */
export interface LinkService {
  readonly bound: BoundService;
  /** Says who the server is. Links that were opened before get their hello then. */
  identify(identity: LinkIdentity): void;
  /** The addresses of the peers that have a link, as the listener knows them. */
  peers(): ReadonlySet<string>;
  /**
   * Asks all callers to send their calls elsewhere; those that open a link later are told at once. Resolves when all have
   * acknowledged or are gone, or the signal aborts.
   */
  drain(signal: AbortSignal): Promise<LinkDrain>;
}

interface ServedLink {
  readonly out: FrameQueue;
  readonly peer: string;
  readonly acknowledged: PromiseWithResolvers<void>;
  acked: boolean;
  name: string;
}

/** A caller's name for itself is for logs only, and may be anything. */
const longestName = 64;

/** Serves `rollcall.link.v1.Link`: says who this process is, and tells connected callers when it drains. */
export function createLinkService(): LinkService {
  const identified = Promise.withResolvers<LinkIdentity>();
  const links = new Set<ServedLink>();
  let draining = false;

  async function* serve(requests: AsyncIterable<Frame>, ctx: ServerCallContext): AsyncIterable<FrameInit> {
    const identity = await identified.promise;
    const acknowledged = Promise.withResolvers<void>();
    const out = new FrameQueue();
    const link: ServedLink = { out, peer: ctx.peer.address, acknowledged, acked: false, name: "" };
    const close = (): void => out.close();
    out.push({ hello: { ...identity, version: linkVersion } });
    if (draining) out.push({ drain: {} });
    // A link must not hold up the exit.
    if (ctx.draining.aborted) close();
    ctx.draining.addEventListener("abort", close, { once: true });
    const uncancel = ctx.onCancel(close);
    links.add(link);
    void read(requests, link);
    try {
      yield* out;
    } finally {
      uncancel();
      ctx.draining.removeEventListener("abort", close);
      links.delete(link);
      acknowledge(link);
    }
  }

  const handlers: Handlers<Link> = { open: serve };
  return {
    bound: { contract: Link, implementation: handlers },
    identify: (identity) => identified.resolve(identity),
    peers: () => new Set([...links].map(({ peer }) => peer)),
    async drain(signal) {
      draining = true;
      const told = [...links];
      for (const { out } of told) out.push({ drain: {} });
      await unlessAborted(Promise.all(told.map(({ acknowledged }) => acknowledged.promise)), signal);
      const missing = told.filter(({ acked }) => !acked);
      return {
        acknowledged: told.length - missing.length,
        missing: missing.map(({ name, peer }) => name || peer),
      };
    },
  };
}

function acknowledge(link: ServedLink): void {
  link.acked = true;
  link.acknowledged.resolve();
}

/** Never rejects: a link that breaks is one that has ended. */
async function read(requests: AsyncIterable<Frame>, link: ServedLink): Promise<void> {
  const { out } = link;
  try {
    for await (const frame of requests) {
      switch (frame.kind) {
        case "hello":
          link.name = `${frame.hello.app} ${frame.hello.caller}`.trim().slice(0, longestName);
          break;
        case "drainAck":
          acknowledge(link);
          break;
        case "ping":
          // A peer that asks and does not read the answers has lost its link.
          if (!out.push({ pong: { id: frame.ping.id } })) return;
          break;
        default:
        // A pong that nobody waits for, or of a later version.
      }
    }
  } catch {
    // Cancelled, or the connection broke.
  } finally {
    out.close();
  }
}

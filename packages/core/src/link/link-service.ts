import type { Handler, ServerCallContext } from "../call/call.js";
import type { MethodContract, ServiceContract } from "../contract/contract.js";
import type { Frame } from "../gen/rollcall/link/v1/link.js";
import { laneFeature } from "../lane/lane-protocol.js";
import type { LaneHost } from "../lane/lane-host.js";
import { unlessAborted } from "../lifecycle/bounded.js";
import { systemClock, type Clock } from "../ports/clock.js";
import { refusedPeers } from "../tls/refused-peers.js";
import type { BoundService } from "../server/dispatch.js";
import { FrameQueue } from "./frame-queue.js";
import { linkContract } from "./link-codec.js";
import { linkVersion } from "./link-protocol.js";
import { ServedLink } from "./served-link.js";

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
  /**
   * What calls on lanes are answered by; without it there are no lanes.
   * @param dispatch the server's whole pipeline
   */
  carry(services: readonly ServiceContract<any>[], dispatch: Handler): void;
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

export interface LinkServiceOptions {
  readonly clock?: Clock | undefined;
  /** Whether unary calls may come over links. Default true. */
  readonly lane?: boolean | undefined;
  /** How long the process looks for the next call of a lane before it sleeps, in microseconds; 0 for never. Default 300. */
  readonly busyPollUs?: number | undefined;
}

/** Serves `rollcall.link.v1.Link`: says who this process is, tells connected callers when it drains, and takes calls on lanes. */
export function createLinkService({
  clock = systemClock,
  lane = true,
  busyPollUs,
}: LinkServiceOptions = {}): LinkService {
  const identified = Promise.withResolvers<LinkIdentity>();
  const links = new Set<ServedLink>();
  let host: LaneHost | undefined;
  let draining = false;

  function serve(requests: AsyncIterable<Frame>, ctx: ServerCallContext): AsyncIterable<object> {
    const out = new FrameQueue();
    void identified.promise.then((identity) => run(requests, ctx, identity, out));
    return out;
  }

  async function run(
    requests: AsyncIterable<Frame>,
    ctx: ServerCallContext,
    identity: LinkIdentity,
    out: FrameQueue,
  ): Promise<void> {
    const link = new ServedLink(out, ctx, lane && !refusedPeers.has(ctx.peer) ? host : undefined);
    const drained = (): void => link.drained();
    out.push({ hello: { ...identity, version: linkVersion, features: link.host ? [laneFeature] : [] } });
    if (draining) out.push({ drain: {} });
    if (ctx.draining.aborted) drained();
    ctx.draining.addEventListener("abort", drained, { once: true });
    links.add(link);
    void link.read(requests);
    const cancelled = new Promise<void>((resolve) => void ctx.onCancel(() => resolve()));
    await Promise.race([out.over, cancelled]);
    out.close();
    ctx.draining.removeEventListener("abort", drained);
    links.delete(link);
    link.ended();
  }

  return {
    bound: { contract: linkContract, implementation: { open: serve } },
    carry(services, dispatch) {
      const methods = services
        .flatMap(({ methods }) => Object.values<MethodContract>(methods))
        .filter(({ kind }) => kind === "unary");
      host = { methods, dispatch, clock, busyPollUs };
    },
    identify: (identity) => identified.resolve(identity),
    peers: () => new Set([...links].map(({ peer }) => peer)),
    async drain(signal) {
      draining = true;
      const told = [...links];
      for (const { out } of told) out.push({ drain: {} });
      await unlessAborted(Promise.all(told.map(({ acknowledged }) => acknowledged)), signal);
      const missing = callersOf(told.filter(({ acked }) => !acked));
      return { acknowledged: callersOf(told).length - missing.length, missing };
    },
  };
}

/** As they name themselves. One may have several links. */
function callersOf(links: readonly ServedLink[]): string[] {
  return [...new Set(links.map(({ name, peer }) => name || peer))];
}

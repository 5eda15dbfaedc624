import type { Peer } from "../call/call.js";

/** Peers whose calls are refused, and who may have a link all the same. */
export const refusedPeers: WeakSet<Peer> = new WeakSet();

import type { Link } from "./link.js";
import type { RequestEnvironment } from "./persist.js";
import type { Session } from "./session.js";
import type { WatchHub } from "./watch-hub.js";

/** What the parts of the rollout store share. */
export interface RolloutOptions extends RequestEnvironment {
  readonly keyPrefix: string;
  readonly kv: Link;
  readonly hub: WatchHub;
  readonly session: Session;
}

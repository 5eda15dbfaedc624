import type { Row } from "../harness/row.js";
import { allKeysDeleted } from "./all-keys-deleted.js";
import { allUnavailable } from "./all-unavailable.js";
import { breakerHalfOpen } from "./breaker-half-open.js";
import { deadlineFar, deadlinePast } from "./deadlines.js";
import { etcdAway, startWithoutEtcd } from "./etcd-away.js";
import { etcdLeaderKill, etcdMinority } from "./etcd-cluster.js";
import { etcdCompacted } from "./etcd-compacted.js";
import { etcdWiped } from "./etcd-wiped.js";
import { fdExhaustion } from "./fd-exhaustion.js";
import { halfOpenStream } from "./half-open-stream.js";
import { halfOpenTcp } from "./half-open-tcp.js";
import { handlerNeverEnds, handlerThrows } from "./handler-throws.js";
import { hang } from "./hang.js";
import { leaseLost } from "./lease-lost.js";
import { lossAndDelay } from "./loss-and-delay.js";
import { massRestart } from "./mass-restart.js";
import { poisonedKeys } from "./poisoned-keys.js";
import { portReused } from "./port-reused.js";
import { rollingRestart } from "./rolling-restart.js";
import { serverKill } from "./server-kill.js";
import { sigtermDuringBoot, sigtermOpenStream, sigtermTwice, uncaughtException } from "./sigterm.js";
import { sigtermLastPick } from "./sigterm-last-pick.js";
import { slowInstance } from "./slow-instance.js";
import { largeMessage, muchMetadata } from "./too-large.js";
import { watchLag } from "./watch-lag.js";

/** The fault matrix, in its order. */
export const rows: readonly Row[] = [
  serverKill,
  hang,
  slowInstance,
  halfOpenTcp,
  lossAndDelay,
  etcdAway,
  startWithoutEtcd,
  etcdWiped,
  etcdCompacted,
  etcdMinority,
  etcdLeaderKill,
  leaseLost,
  allKeysDeleted,
  poisonedKeys,
  watchLag,
  massRestart,
  portReused,
  allUnavailable,
  breakerHalfOpen,
  fdExhaustion,
  deadlinePast,
  deadlineFar,
  largeMessage,
  muchMetadata,
  halfOpenStream,
  handlerThrows,
  handlerNeverEnds,
  rollingRestart,
  sigtermLastPick,
  sigtermTwice,
  sigtermDuringBoot,
  sigtermOpenStream,
  uncaughtException,
];

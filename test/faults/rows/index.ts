import type { Row } from "../harness/row.js";
import { allKeysDeleted } from "./all-keys-deleted.js";
import { etcdCompacted } from "./etcd-compacted.js";
import { etcdWiped } from "./etcd-wiped.js";
import { halfOpenTcp } from "./half-open-tcp.js";
import { hang } from "./hang.js";
import { leaseLost } from "./lease-lost.js";
import { lossAndDelay } from "./loss-and-delay.js";
import { poisonedKeys } from "./poisoned-keys.js";
import { serverKill } from "./server-kill.js";
import { slowInstance } from "./slow-instance.js";

/** The fault matrix, in its order. */
export const rows: readonly Row[] = [
  serverKill,
  hang,
  slowInstance,
  halfOpenTcp,
  lossAndDelay,
  etcdWiped,
  etcdCompacted,
  leaseLost,
  allKeysDeleted,
  poisonedKeys,
];

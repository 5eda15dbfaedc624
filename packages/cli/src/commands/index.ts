import type { CommandFactory } from "./command-factory.js";
import { callCommand } from "./call.js";
import { completionCommand } from "./completion.js";
import { devCommand } from "./dev.js";
import { drillCommand } from "./drill.js";
import { etcdCommand } from "./etcd.js";
import { generateCommand } from "./generate.js";
import { logCommand } from "./log.js";
import { lsCommand } from "./ls.js";
import { newCommand } from "./new.js";
import { rolloutCommand } from "./rollout.js";
import { weightCommand } from "./weight.js";

/** The subcommands of `rollcall`, in the order of its help. */
export const commands: readonly CommandFactory[] = [
  newCommand,
  devCommand,
  generateCommand,
  lsCommand,
  callCommand,
  drillCommand,
  weightCommand,
  rolloutCommand,
  logCommand,
  etcdCommand,
  completionCommand,
];

import { once } from "node:events";
import { EtcdServer } from "@rollcall/testing";
import { Command } from "commander";
import { argument, parsePort } from "../argument.js";
import type { Terminal } from "../terminal.js";

interface EtcdFlags {
  readonly port: number;
  readonly host: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  rollcall etcd --port 2379                     where services look by default
  ROLLCALL_REGISTRY=etcd://127.0.0.1:2379 node dist/main.js
  rollcall etcd --port 0 --json                 any free port; one line of JSON with its url

It speaks the part of etcd's v3 API that service discovery uses, over data in memory: for development, demos and
tests. Ctrl-C ends it.`;

/** `rollcall etcd`: an etcd-compatible server in the foreground. */
export function etcdCommand(terminal: Terminal): Command {
  return new Command("etcd")
    .description("run an etcd for development, in memory, until Ctrl-C")
    .option("--port <port>", "port to listen on; 0 for any free one", argument(parsePort), 2379)
    .option("--host <host>", "address to listen on", "127.0.0.1")
    .option("--json", "print the url as one line of JSON")
    .addHelpText("after", examples)
    .action(async ({ port, host, json }: EtcdFlags) => {
      await using etcd = await EtcdServer.start({ port, host });
      const { url } = etcd;
      terminal.out(
        json ? JSON.stringify({ url, pid: process.pid }) : `etcd is serving at ${url} (Ctrl-C ends it)`,
      );
      const other = new AbortController();
      const signals = ["SIGINT", "SIGTERM"].map((name) => once(process, name, { signal: other.signal }));
      await Promise.race(signals);
      // A second signal then ends the process at once.
      other.abort();
      await Promise.allSettled(signals);
    });
}

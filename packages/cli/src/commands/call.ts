import { ConfigError, Metadata } from "@rollcall/core";
import { Command, Option } from "commander";
import { argument, repeated } from "../argument.js";
import { useDestination, type DestinationFlags } from "../call/destination.js";
import { findByReflection, findInSource, type CalledMethod, type FoundMethod } from "../call/find-method.js";
import { parseHeader } from "../call/headers.js";
import { describeLines, methodDescription, methodLines, methodView } from "../call/method-lines.js";
import { runCall } from "../call/run-call.js";
import type { CliEnv } from "../cli-env.js";
import { withContractFlags, type ContractFlags } from "../contract/contract-flags.js";
import { parseDuration } from "../duration.js";
import { toJson } from "../output/printable.js";
import { reportOn, type Report } from "../output/report.js";
import { registryTimeoutMs, withRegistryFlag } from "../registry-access.js";
import type { Terminal } from "../terminal.js";

interface CallFlags extends DestinationFlags, ContractFlags {
  readonly header?: readonly (readonly [string, string | Buffer])[];
  readonly describe?: boolean;
  readonly defaults?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  rollcall call shop.v1.Orders                                   its methods
  rollcall call Orders/Get --describe                            what it takes and gives, and a request to fill in
  rollcall call Orders/Get '{"id": "1"}'                         over the registry, balanced as any call
  rollcall call shop.v1.Orders/Get '{"id": "1"}' --address 127.0.0.1:8080 --proto proto/shop.proto
  rollcall call Orders/Watch -H x-tenant:a --timeout 1m --json | jq .id
  cat orders.ndjson | rollcall call Orders/Import                streams of requests: JSON values, one after the other

The contract comes from --proto or --contract, else from the server: one with server reflection
(ROLLCALL_REFLECTION=true). TLS as for every client of ROLLCALL_TLS_* variables, or by --tls, --ca and --server-name.
Requests are JSON as protobuf has it: fields in camelCase or as in the proto, 64-bit integers as strings or numbers,
bytes in base64, times as "2026-01-01T00:00:00Z".

Exit codes: 0 done, 1 the call failed, 2 wrong arguments or JSON, 3 the registry cannot be reached.`;

/** `rollcall call`: one call, by names and JSON. */
export function callCommand(terminal: Terminal, env: CliEnv): Command {
  const command = new Command("call")
    .description("call a method with JSON, or tell what a service can be called with")
    .argument("<method>", "shop.v1.Orders/Get, or the service alone; Orders/Get where that is clear")
    .argument("[request]", "JSON; - for standard input, @file for a file (default: an empty message)")
    .option("--address <host:port>", "call this server, whatever the registry says")
    .option(
      "-H, --header <name:value>",
      "metadata to send, -bin values in base64; repeatable",
      repeated(parseHeader),
    )
    .addOption(
      new Option(
        "--timeout <duration>",
        "how long all of it may take (default: 10s; a stream's end is not bounded)",
      ).argParser(argument(parseDuration)),
    )
    .option("--describe", "do not call: show the types of the method and a request to fill in")
    .option("--defaults", "show fields that have their default too")
    .option("-v, --verbose", "print headers, trailers, the instance and the time to standard error")
    .option("--tls", "use TLS, with the authorities of this machine")
    .option("--ca <file>", "use TLS, with the authorities in this PEM file")
    .option("--server-name <name>", "use TLS; whom the server must prove to be (default: the service's name)")
    .option("--json", "print one line of JSON for each message, and an error as JSON");
  return withContractFlags(withRegistryFlag(command))
    .addHelpText("after", examples)
    .action(async (text: string, request: string | undefined, flags: CallFlags) => {
      checkFlags(flags);
      const report = reportOn(terminal, flags);
      const interrupted = new AbortController();
      const released = env.onInterrupt(() => interrupted.abort(new Error("interrupted")));
      const { signal } = interrupted;
      const deadline = flags.timeout === undefined ? undefined : env.clock.now() + flags.timeout;
      const isCall = (found: FoundMethod): found is CalledMethod => {
        if (found.method || request === undefined) return found.method !== undefined && !flags.describe;
        throw new ConfigError(`a request goes to a method: write ${found.service.name}/<method>`);
      };
      try {
        const known = await findInSource(text, flags);
        if (known && !isCall(known)) return show(known, report);
        await useDestination(flags, env, report, async (destination) => {
          const timeoutMs = flags.timeout ?? registryTimeoutMs;
          const found = known ?? (await findByReflection(text, destination, { report, timeoutMs, signal }));
          if (!isCall(found)) return show(found, report);
          await runCall(
            {
              ...found,
              request,
              metadata: metadataOf(flags),
              timeoutMs: deadline === undefined ? undefined : Math.max(1, deadline - env.clock.now()),
              signal,
              verbose: flags.verbose ?? false,
              defaults: flags.defaults ?? false,
            },
            destination,
            { report, terminal, env },
          );
        });
      } finally {
        released();
      }
    });
}

function checkFlags({ registry, address }: CallFlags): void {
  if (registry !== undefined && address !== undefined)
    throw new ConfigError("give --registry or --address, not both");
}

function metadataOf({ header = [] }: CallFlags): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of header) metadata.add(name, value);
  return metadata;
}

function show({ service, method }: FoundMethod, report: Report): void {
  if (!method) {
    if (report.json) return report.out(toJson(service.methods.map((each) => methodView(service, each))));
    for (const line of methodLines(service, report.paint)) report.out(line);
    return;
  }
  if (report.json) return report.out(toJson(methodDescription(service, method)));
  for (const line of describeLines(service, method, report.paint)) report.out(line);
}

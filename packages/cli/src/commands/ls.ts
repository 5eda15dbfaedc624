import { effectiveWeights } from "@rollcall/core";
import { Command } from "commander";
import { serviceBreakers } from "../breakers.js";
import type { CliEnv } from "../cli-env.js";
import { exitCodeHelp } from "../exit-code.js";
import { instanceLines, type ListedService } from "../output/instance-lines.js";
import { toJson } from "../output/printable.js";
import { reportOn, type Report } from "../output/report.js";
import { readServices, type ServiceState } from "../policy/stored-policies.js";
import {
  useRegistry,
  withRegistryFlags,
  type RegistryAccess,
  type RegistryFlags,
} from "../registry-access.js";
import type { Terminal } from "../terminal.js";

const examples = `
Examples:
  rollcall ls                    every service
  rollcall ls orders             those of app orders
  rollcall ls shop.v1.Orders --json | jq '.[].instances[] | select(.state == "draining") | .id'

weight is what an instance registered; effective is what it counts among those that a call may go to, 0 when none may
go there. Callers whose circuit breaker for a method is not closed are named below the instances; they fail at once.
${exitCodeHelp}`;

/** `rollcall ls`: instances, by service. */
export function lsCommand(terminal: Terminal, env: CliEnv): Command {
  const command = new Command("ls")
    .description(
      "list services and their instances, the policy that routes calls to them, and breakers that stop calls",
    )
    .argument("[service]", "full name, last part of it, or an app; all when left out")
    .option("--json", "print an array of services as JSON");
  return withRegistryFlags(command)
    .addHelpText("after", examples)
    .action(async (name: string | undefined, flags: RegistryFlags & { readonly json?: boolean }) => {
      const report = reportOn(terminal, flags);
      const services = await useRegistry(flags, env, report, async (registry) =>
        withBreakers(registry, await readServices(registry, name), report),
      );
      if (report.json) return report.out(toJson(services.map(asJson)));
      if (services.length === 0) return report.out("no instances");
      for (const line of instanceLines(services, report.paint)) report.out(line);
    });
}

/** What is listed does not depend on them: they may be unreadable, as for a user of etcd without the right. */
async function withBreakers(
  registry: RegistryAccess,
  services: readonly ServiceState[],
  report: Pick<Report, "warn">,
): Promise<readonly ListedService[]> {
  try {
    return await Promise.all(
      services.map(async (state) => ({
        ...state,
        breakers: serviceBreakers(await registry.breakers(state.service)),
      })),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    report.warn(`open breakers are not shown: ${reason}`);
    return services.map((state) => ({ ...state, breakers: [] }));
  }
}

function asJson({ service, stored, instances, breakers }: ListedService): object {
  const { policy, fault } = stored;
  const weights = effectiveWeights(
    policy,
    instances.map(({ instance }) => instance),
  );
  return {
    service,
    policy: policy ?? null,
    ...(fault === undefined ? {} : { fault }),
    instances: instances.map(({ instance, leaseLeftMs }) => ({
      ...instance,
      effectiveWeight: weights.get(instance.id) ?? 0,
      leaseLeftMs: leaseLeftMs ?? null,
    })),
    breakers,
  };
}

import { spawnSync } from "node:child_process";
import type { RowContext } from "./context.js";
import { DelayProxy } from "./delay-proxy.js";
import type { Host, Network } from "./network.js";
import { portOf } from "./processes.js";

/** A bad way from a host to the instances. */
export interface Degradation {
  /** What makes it, in words. */
  readonly means: string;
  begin(): void;
  /** Packets lost so far. */
  lost(): number;
}

const lossPercent = 5;
const delayMs = 50;

/**
 * Loses 5 % of what the host sends and delays the rest by 50 ms: with `tc netem` where the kernel has it. Where it has not,
 * nftables loses the packets on the host's way out, which TCP then has to repair all the same, and a proxy behind them
 * adds the delay, so that only the repair itself sees the shorter way.
 */
export async function degrade(
  context: RowContext,
  network: Network,
  host: Host,
  instances: readonly string[],
): Promise<Degradation> {
  const { namespace } = host;
  const inNamespace = ["netns", "exec", namespace, "tc", "qdisc", "replace", "dev", "eth0", "root", "netem"];
  const netem = (...words: string[]): string[] => inNamespace.concat(words);
  const hasNetem = spawnSync("ip", netem("delay", "0ms"), { stdio: "ignore" }).status === 0;
  if (hasNetem) {
    return {
      means: "tc netem",
      begin: () =>
        void host.run(
          "tc",
          "qdisc",
          "change",
          "dev",
          "eth0",
          "root",
          "netem",
          "loss",
          `${lossPercent}%`,
          "delay",
          `${delayMs}ms`,
        ),
      lost: () =>
        Number(/dropped (\d+)/.exec(host.run("tc", "-s", "qdisc", "show", "dev", "eth0"))?.[1] ?? 0),
    };
  }
  const proxies = await Promise.all(
    instances.map(async (instance) => {
      const proxy = context.use(await DelayProxy.start(network.address, network.address, portOf(instance)));
      host.run("nft", "add", "table", "ip", "faults");
      host.run("nft", "add", "chain", "ip", "faults", "out", "{ type nat hook output priority -100; }");
      const rule = ["ip", "daddr", network.address, "tcp", "dport", `${portOf(instance)}`];
      host.run(
        "nft",
        "add",
        "rule",
        "ip",
        "faults",
        "out",
        ...rule,
        "dnat",
        "to",
        `${network.address}:${proxy.port}`,
      );
      return proxy;
    }),
  );
  const rule = ["numgen", "random", "mod", "100", "<", `${lossPercent}`, "counter", "drop"];
  return {
    means: "nftables (loss) and a proxy (delay): this kernel has no netem",
    begin() {
      host.run(
        "nft",
        "add",
        "chain",
        "ip",
        "faults",
        "loss",
        "{ type filter hook postrouting priority 300; }",
      );
      host.run("nft", "add", "rule", "ip", "faults", "loss", "oifname", "eth0", ...rule);
      for (const proxy of proxies) proxy.delayMs = delayMs;
    },
    lost: () =>
      Number(/packets (\d+)/.exec(host.run("nft", "list", "chain", "ip", "faults", "loss"))?.[1] ?? 0),
  };
}

import { isActive } from "@rollcall/app/rollout";
import { ExitCode, ExitError } from "../exit-code.js";
import type { RegistryAccess } from "../registry-access.js";
import { follow, type FollowOptions } from "./follow.js";
import { readStatus, type RolloutStatus } from "./rollout-status.js";

/**
 * Follows a rollout of some services until it has ended in all of them, or the user ends the view.
 * @throws ExitError `aborted` when it was aborted in one; `failed` when another rollout took its place
 */
export async function awaitEnd(
  registry: RegistryAccess,
  services: readonly string[],
  id: string,
  options: Pick<FollowOptions, "terminal" | "env" | "json">,
): Promise<void> {
  const { clock } = options.env;
  const read = (): Promise<readonly RolloutStatus[]> =>
    Promise.all(services.map((service) => readStatus(registry, service, clock.now())));
  const { statuses = [], interrupted } = await follow({
    ...options,
    read,
    isOver: (all) => all.every((each) => hasEnded(each, id)),
  });
  if (interrupted)
    return options.terminal.err(`the rollout goes on; see rollcall rollout status ${services.join(", ")}`);
  for (const { service, policy, release } of statuses) {
    if (release?.rollout.id !== id)
      throw new ExitError(ExitCode.failed, `another rollout of ${service} took the place of this one`);
    if (release.rollout.state === "aborted")
      throw new ExitError(
        ExitCode.aborted,
        `the rollout of ${service} to ${release.rollout.to} was aborted: ${policy?.reason}`,
      );
  }
}

/** A document that is missing is not an end: the controller puts it back. */
function hasEnded({ policy, release }: RolloutStatus, id: string): boolean {
  if (!policy) return false;
  return release?.rollout.id !== id || !isActive(release.rollout);
}

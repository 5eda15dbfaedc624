import type { FleetProcess } from "@rollcall/testing/fleet";
import { untilStopped } from "@rollcall/testing";

/** SIGSTOP; resolves when every thread has taken it. */
export async function stopProcess(process: FleetProcess): Promise<void> {
  process.signal("SIGSTOP");
  await untilStopped(process.pid);
}

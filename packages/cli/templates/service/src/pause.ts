import { systemClock, type Clock } from "@rollcall/app";

/** How the service waits. On a clock, so that tests need not. */
export class Pause {
  constructor(private readonly clock: Clock = systemClock) {}

  async for(ms: number, signal: AbortSignal): Promise<void> {
    await this.clock.sleep(ms, signal);
  }
}

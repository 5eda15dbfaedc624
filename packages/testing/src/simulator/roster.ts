import { stableRelease, type Release } from "./canary/release.js";
import type { Environment, ServerOptions } from "./environment.js";
import { Slot } from "./slot.js";

/** Which instances a fleet has, of which version. */
export class Roster {
  readonly #env: Environment;
  readonly #options: ServerOptions;
  readonly #left: Slot[] = [];
  #stable: Slot[] = [];
  #canaries: Slot[] = [];
  #release: Release;
  #canaryHosts = 0;

  constructor(env: Environment, options: ServerOptions) {
    this.#env = env;
    this.#options = options;
    this.#release = stableRelease(options);
  }

  /** What new instances run. */
  get release(): Release {
    return this.#release;
  }

  /** Those that should run, canaries last. */
  get slots(): readonly Slot[] {
    return [...this.#stable, ...this.#canaries];
  }

  /** All that ever were. */
  get everySlot(): readonly Slot[] {
    return [...this.slots, ...this.#left];
  }

  /** Brings the instances that are not canaries to `n`; the last ones go first. Returns those that have to leave. */
  scale(n: number): readonly Slot[] {
    const leaving = this.#leave(this.#stable.splice(n));
    while (this.#stable.length < n) this.#stable.push(this.#joining());
    return leaving;
  }

  addCanaries(n: number, release: Release): readonly Slot[] {
    const { name = "server" } = this.#options;
    const before = this.everySlot.filter(({ release: { version } }) => version === release.version).length;
    const added = Array.from({ length: n }, (_, index) => {
      const at = this.#canaryHosts++;
      return new Slot(this.#env, this.#options, {
        name: `${name}-${release.version}-${before + index + 1}`,
        host: `10.2.${at >> 8}.${(at & 255) + 1}`,
        release,
      });
    });
    this.#canaries.push(...added);
    return added;
  }

  /** New instances run this version from now on, and are no canaries. */
  promoted(release: Release): void {
    this.#release = { ...release, track: "stable", weight: 100 };
  }

  /** Takes all instances of a version out; returns them. The canaries that are left take their place when nobody else does. */
  retire(version: string): readonly Slot[] {
    const isOld = (slot: Slot): boolean => slot.release.version === version;
    const leaving = this.#leave(this.slots.filter(isOld));
    this.#stable = this.#stable.filter((slot) => !isOld(slot));
    this.#canaries = this.#canaries.filter((slot) => !isOld(slot));
    const promoted = ({ release }: Slot): boolean => release.version === this.#release.version;
    this.#stable.push(...this.#canaries.filter(promoted));
    this.#canaries = this.#canaries.filter((slot) => !promoted(slot));
    return leaving;
  }

  #leave(leaving: readonly Slot[]): readonly Slot[] {
    for (const slot of leaving) slot.retired = true;
    this.#left.push(...leaving);
    return leaving;
  }

  /** An instance that left and comes back is the same one, of another version perhaps. */
  #joining(): Slot {
    const { name: app = "server" } = this.#options;
    const taken = new Set(this.slots.map(({ name }) => name));
    let index = 0;
    while (taken.has(`${app}-${index + 1}`)) index++;
    const name = `${app}-${index + 1}`;
    const known = this.#left.findIndex((slot) => slot.name === name);
    const host = `10.0.${index >> 8}.${(index & 255) + 1}`;
    const release = this.#release;
    const fresh = new Slot(this.#env, this.#options, { name, host, release });
    const slot = known < 0 ? fresh : (this.#left.splice(known, 1)[0] as Slot);
    slot.retired = false;
    slot.release = release;
    return slot;
  }
}

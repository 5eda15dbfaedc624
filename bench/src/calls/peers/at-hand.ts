import { join } from "node:path";
import { buildGo } from "../../go-toolchain.js";
import { goKind, peerKinds } from "../kinds/index.js";
import { peersFolder } from "./folder.js";
import { installPeers } from "./install.js";

/** What can be measured here. */
export interface AtHand {
  readonly kinds: readonly string[];
  /** Of the kind that is a program. */
  readonly binaries: Readonly<Record<string, string>>;
  /** What cannot, and why. */
  readonly left: readonly { readonly kind: string; readonly why: string }[];
}

/** Installs and builds what the kinds need. A peer for which that does not work is left out. */
export async function bringPeers(
  kinds: readonly string[],
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<AtHand> {
  const left: { kind: string; why: string }[] = [];
  const binaries: Record<string, string> = {};
  const peers = kinds.filter((kind) => (peerKinds as readonly string[]).includes(kind));
  if (peers.length > 0)
    await installPeers(say, signal).catch((error: Error) => {
      signal?.throwIfAborted();
      left.push(...peers.map((kind) => ({ kind, why: error.message })));
    });
  if (kinds.includes(goKind)) {
    const output = join(peersFolder, "dist/grpc-go");
    const program = await buildGo({ folder: join(peersFolder, "go"), output });
    if ("binary" in program) binaries[goKind] = program.binary;
    else left.push({ kind: goKind, why: program.missing });
  }
  for (const { kind, why } of left) say(`WITHOUT ${kind}: ${why}`);
  return { kinds: kinds.filter((kind) => !left.some((each) => each.kind === kind)), binaries, left };
}

import { fileURLToPath } from "node:url";
import { buildGo, type GoProgram } from "../../bench/src/go-toolchain.js";

export type { GoProgram };

const folderOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const outputOf = (name: string): string => folderOf(`../../.cache/interop/${name}`);

/** The program of test/interop/go. */
export const buildGoPeer = (): Promise<GoProgram> =>
  buildGo({ folder: folderOf("go"), output: outputOf("peer") });

/** grpcurl, as test/interop/grpcurl/go.mod pins it. */
export const buildGrpcurl = (): Promise<GoProgram> =>
  buildGo({
    folder: folderOf("grpcurl"),
    main: "github.com/fullstorydev/grpcurl/cmd/grpcurl",
    output: outputOf("grpcurl"),
  });

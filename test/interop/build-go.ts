import { buildGoPeer, buildGrpcurl } from "./go-toolchain.js";

/** Before all tests: a compiler beside them takes the machine for so long that their deadlines pass. */
export default async function buildGo(): Promise<void> {
  await buildGoPeer();
  await buildGrpcurl();
}

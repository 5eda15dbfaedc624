import { fileURLToPath } from "node:url";

/** `bench/peers`, from the sources and from what is built of them. */
export const peersFolder: string = fileURLToPath(new URL("../../../peers/", import.meta.url));

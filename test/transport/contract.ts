import type { Scene, TransportUnderTest } from "./scene.js";
import { answers } from "./contract/answers.js";
import { cancellation } from "./contract/cancellation.js";
import { connections } from "./contract/connections.js";
import { flow } from "./contract/flow.js";
import { link } from "./contract/link.js";
import { limits } from "./contract/limits.js";

export type { Scene, TransportUnderTest };

/** What every transport does alike: declared within a `describe` of the transport's name. */
export function transportContract(create: () => TransportUnderTest): void {
  callContract(create);
  connections(create);
  link(create);
}

/** What calls are, whatever carries them. */
export function callContract(create: () => TransportUnderTest): void {
  answers(create);
  cancellation(create);
  flow(create);
  limits(create);
}

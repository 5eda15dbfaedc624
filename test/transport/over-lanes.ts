import {
  createDispatch,
  createLinkService,
  laneFeature,
  linkedTransport,
  linkFeature,
  linkPath,
  type Connection,
  type ServerTransport,
} from "@rollcall/core";
import { pino } from "pino";
import { instanceAt } from "./echo.js";
import type { TransportUnderTest } from "./scene.js";

/** A transport under test whose unary calls go over lanes. */
export interface LanesUnderTest extends TransportUnderTest {
  /** How many calls did. */
  readonly carried: number;
}

/** The same transport, with a link and its lane on each connection. */
export function overLanes(under: TransportUnderTest): LanesUnderTest {
  const { clock } = under;
  const logger = pino({ level: "silent" });
  const linked = linkedTransport(under.transport, { clock, random: () => 0.5, logger, caller: "c1" });
  let carried = 0;
  const lanes: LanesUnderTest = {
    ...under,
    get carried() {
      return carried;
    },
    transport: {
      connect: (instance, options) =>
        linked.connect({ ...instance, features: [linkFeature, laneFeature] }, options),
    },
    serverTransport(port): ServerTransport {
      const inner = under.serverTransport(port);
      return {
        async listen(services, dispatch, draining) {
          const links = createLinkService({ clock });
          links.carry(services, (call) => {
            carried++;
            return dispatch(call);
          });
          const link = createDispatch([links.bound]);
          const both = [...services, links.bound.contract];
          const either = (call: Parameters<typeof dispatch>[0]): ReturnType<typeof dispatch> =>
            call.method.path === linkPath ? link(call) : dispatch(call);
          const listener = await inner.listen(both, either, draining);
          const { id, incarnation, app, service } = instanceAt(under.addressOf(listener.port));
          links.identify({ instance: id, incarnation, app, services: [service] });
          return listener;
        },
      };
    },
    isComplete: (connection: Connection) => (connection as { hasLane?: boolean }).hasLane ?? false,
  };
  return lanes;
}

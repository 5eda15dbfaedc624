import type { Call, Handler, Interceptor, Reply } from "../call/call.js";
import { laneKey, textOf } from "./identity.js";
import { route, type Route } from "./route.js";
import type { Routes } from "./routes.js";

/** What knows the routes of a service. */
export interface RouteSource {
  /** Undefined until the registry has been read. */
  readonly routes: Routes | undefined;
  /** Resolves when the routes are known; rejects when the call ends first. */
  routed(call: Call): Promise<Routes>;
}

/** Chooses a subset for each call, before retries: all its attempts stay there. */
export function routing(source: RouteSource, random: () => number): Interceptor {
  const routed = (call: Call, routes: Routes, next: Handler): Promise<Reply> => {
    const chosen = route(call.metadata, routes, random);
    // Most calls of most services: nothing to tell anybody.
    if (chosen.subset === routes.stable) return next(call);
    return next(onRoute(call, chosen));
  };
  return (next) => (call) => {
    const { routes } = source;
    return routes ? routed(call, routes, next) : source.routed(call).then((read) => routed(call, read, next));
  };
}

function onRoute(call: Call, chosen: Route): Call {
  const { lane } = chosen;
  if (lane === undefined || textOf(call.metadata, laneKey) === lane) return call.with({ route: chosen });
  const metadata = call.metadata.clone();
  metadata.set(laneKey, lane);
  return call.with({ route: chosen, metadata });
}

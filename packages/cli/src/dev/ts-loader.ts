/**
 * What `node --import` of a TypeScript program loads: `@oxc-node/core`, in the program's own thread. Its own way of
 * registering asks another thread about each module, of dependencies too, which doubles the time to start.
 * Takes ES modules; what CommonJS requires is Node's own.
 */
import { registerHooks, type LoadFnOutput, type ResolveFnOutput } from "node:module";
import { createResolve, load as transformed } from "@oxc-node/core";

const dependency = /\/node_modules\//;
const typeScript = /\.[cm]?tsx?$/;
/** What compiled decorators call. A program does not depend on it. */
const helpers = "@oxc-node/core/helpers/";

/** Without it, it is CommonJS that asks, whatever the types say. */
interface Asked {
  readonly importAttributes?: unknown;
}

process.setSourceMapsEnabled(true);

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith(helpers)) return next(specifier, { ...context, parentURL: import.meta.url });
    const fromDependency = dependency.test(context.parentURL ?? "");
    if (fromDependency || (context as Asked).importAttributes === undefined) return next(specifier, context);
    const options = { getCurrentDirectory: () => process.cwd() };
    return createResolve(options, specifier, context as never, next as never) as ResolveFnOutput;
  },
  load(url, context, next) {
    const isOurs = typeScript.test(url) && !dependency.test(url);
    if (!isOurs || (context as Asked).importAttributes === undefined) return next(url, context);
    return transformed(url, context as never, next as never) as LoadFnOutput;
  },
});

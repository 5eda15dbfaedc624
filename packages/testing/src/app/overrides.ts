import type { Container } from "@rollcall/app";

/** A class that services inject; an abstract one may stand for an interface. */
export type Injected<T> = abstract new (...args: any[]) => T;

/** Puts values in the place of injected classes, after everything else was bound. */
export class Overrides {
  readonly #values = new Map<Injected<unknown>, object>();

  add<T extends object>(type: Injected<T>, value: Partial<NoInfer<T>>): void {
    this.#values.set(type, loud(type, value));
  }

  apply(container: Container): void {
    for (const [type, value] of this.#values) {
      if (container.isBound(type)) container.unbind(type);
      container.bind(type).toConstantValue(value);
    }
  }
}

/** The value, where a method that only the class has fails by name when it is called. */
function loud<T extends object>(type: Injected<T>, value: Partial<T>): object {
  const prototype = type.prototype as Record<PropertyKey, unknown>;
  return new Proxy(value, {
    get(target, key) {
      if (key in target || !(key in prototype) || typeof prototype[key] !== "function") {
        const own: unknown = Reflect.get(target, key, target);
        return own;
      }
      const method = `${type.name}.${String(key)}`;
      return () => {
        throw new Error(
          `${method} was called but not overridden: add ${String(key)} to .override(${type.name}, { ... })`,
        );
      };
    },
  });
}

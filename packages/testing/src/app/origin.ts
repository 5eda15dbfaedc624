/** Which test app something came from: what an assertion that fails says beside what it saw. */
export interface Origin {
  readonly seed: number;
  /** `shop.v1.Orders/Get`, when it came from one method. */
  readonly method?: string | undefined;
}

const origins = new WeakMap<object, Origin>();

/** Notes where a promise, an error or a list of calls came from; its first origin stays. */
export function setOrigin<T extends object>(of: T, origin: Origin): T {
  if (!origins.has(of)) origins.set(of, origin);
  return of;
}

export function originOf(of: unknown): Origin | undefined {
  return typeof of === "object" && of !== null ? origins.get(of) : undefined;
}

/** ` (seed 7)` for what came from a test app, else nothing. */
export function seedNote(...of: readonly unknown[]): string {
  const origin = of.map(originOf).find((each) => each !== undefined);
  return origin ? ` (seed ${origin.seed})` : "";
}

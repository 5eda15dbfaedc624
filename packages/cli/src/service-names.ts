import { ConfigError, type ListedInstance } from "@rollcall/core";

/**
 * The services that a name stands for: a full proto name, else the last part of exactly one (`Orders`), else an app's
 * name, which means all services of that app.
 * @throws ConfigError for a name that fits nothing or too much; it lists what there is
 */
export function resolveServices(name: string, listed: readonly ListedInstance[]): readonly string[] {
  const services = sorted(listed.map(({ instance }) => instance.service));
  if (services.includes(name)) return [name];
  const byLastPart = services.filter((service) => service.endsWith(`.${name}`));
  if (byLastPart.length === 1) return byLastPart;
  const ofApp = sorted(
    listed.filter(({ instance }) => instance.app === name).map(({ instance }) => instance.service),
  );
  if (ofApp.length > 0) return ofApp;
  if (byLastPart.length > 1)
    throw new ConfigError(`service "${name}" is one of ${byLastPart.join(", ")}; give the full name`);
  throw new ConfigError(
    services.length === 0
      ? `service "${name}" is not known: the registry has no instances`
      : `service "${name}" is not known; there ${are(services)}, of ${apps(listed)}`,
  );
}

/** Whether a name could be a full proto name with a package, whose documents outlive its instances. */
export function isFullName(name: string): boolean {
  return /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/.test(name);
}

function are(services: readonly string[]): string {
  return `${services.length === 1 ? "is" : "are"} ${services.join(", ")}`;
}

function apps(listed: readonly ListedInstance[]): string {
  const names = sorted(listed.map(({ instance }) => instance.app).filter(Boolean));
  return `${names.length === 1 ? "app" : "apps"} ${names.join(", ") || "without a name"}`;
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}

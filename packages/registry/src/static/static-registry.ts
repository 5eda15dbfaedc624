import { ConfigError, withoutCredentials, type RegistryBackend, type ServiceInstance } from "@rollcall/core";
import { registryOver } from "../memory/memory-registry.js";
import { Table } from "../memory/table.js";
import { checkOffer } from "../offer.js";

/** An instance in a static table: its address, and what differs from the defaults of a record. */
export type StaticInstance = Pick<ServiceInstance, "address"> &
  Partial<Omit<ServiceInstance, "address" | "service">>;

/** Instances by full proto name. */
export type StaticTable = Readonly<Record<string, readonly (string | StaticInstance)[]>>;

/**
 * A registry whose instances are written down: `staticRegistry({ "shop.v1.Orders": ["10.0.0.1:8080"] })`. Registering is
 * accepted and visible at once in this process, so an app runs unchanged, but it is published nowhere: other processes
 * see only their own table.
 * @throws ConfigError naming the service and address that cannot be used
 */
export function staticRegistry(table: StaticTable): RegistryBackend {
  const instances = Object.entries(table).flatMap(([service, listed]) =>
    listed.map((item) => instanceOf(service, item)),
  );
  checkOffer(instances);
  return registryOver("static", new Table(instances));
}

/**
 * Reads `static://shop.v1.Orders=10.0.0.1:8080,10.0.0.2:8080;billing.v1.Billing=10.0.0.3:8080`.
 * @throws ConfigError naming the part that cannot be read
 */
export function parseStaticUrl(url: string): StaticTable {
  const scheme = "static://";
  if (!url.startsWith(scheme))
    throw new ConfigError(`registry "${withoutCredentials(url)}" does not start with ${scheme}`);
  const table: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  const parts = url.slice(scheme.length).split(";");
  for (const part of parts.map((part) => part.trim()).filter(Boolean)) {
    const [service = "", listed = ""] = part.split("=", 2).map((side) => side.trim());
    const addresses = listed.split(",").map((address) => address.trim());
    if (service === "" || addresses.includes(""))
      throw new ConfigError(
        `registry part "${withoutCredentials(part)}" is not <service>=<host:port>,<host:port>: shop.v1.Orders=10.0.0.1:8080`,
      );
    (table[service] ??= []).push(...addresses);
  }
  return table;
}

function instanceOf(service: string, item: string | StaticInstance): ServiceInstance {
  const given = typeof item === "string" ? { address: item } : item;
  return Object.freeze({
    id: given.address,
    incarnation: "",
    app: "",
    version: "",
    track: "stable",
    zone: "",
    weight: 100,
    state: "up",
    features: [],
    labels: {},
    ...given,
    service,
  } satisfies ServiceInstance);
}

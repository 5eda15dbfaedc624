import { ConfigError, Metadata } from "@rollcall/core";

/**
 * `name:value` as metadata; the value of a name that ends in `-bin` is base64.
 * @throws ConfigError without a colon, or for what may not be sent
 */
export function parseHeader(text: string): readonly [name: string, value: string | Buffer] {
  const at = text.indexOf(":");
  if (at < 1) throw new ConfigError(`${JSON.stringify(text)} is not name:value`);
  const name = text.slice(0, at).trim().toLowerCase();
  const written = text.slice(at + 1).trim();
  if (name.startsWith("grpc-"))
    throw new ConfigError(`header ${JSON.stringify(name)} is one that gRPC itself sends`);
  const isBase64 = /^[A-Za-z0-9+/_-]*={0,2}$/.test(written);
  if (name.endsWith("-bin") && !isBase64)
    throw new ConfigError(`header ${JSON.stringify(name)} is binary: write its value in base64`);
  const value = name.endsWith("-bin") ? Buffer.from(written, "base64") : written;
  try {
    new Metadata().add(name, value);
  } catch (cause) {
    throw new ConfigError(`header ${JSON.stringify(text)} cannot be sent: ${(cause as Error).message}`, {
      cause,
    });
  }
  return [name, value];
}

/** The lines of some metadata: binary values in base64, as `parseHeader` takes them. */
export function headerLines(metadata: Metadata): readonly string[] {
  return Object.keys(metadata.getMap()).flatMap((name) =>
    metadata
      .get(name)
      .map((value) => `${name}: ${typeof value === "string" ? value : value.toString("base64")}`),
  );
}

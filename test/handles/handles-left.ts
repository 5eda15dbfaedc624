/**
 * What keeps the process alive and was not there before: a name for each, as Node calls its kind. What is on its way, such as
 * the closing of a file, is among them.
 */
export function handlesLeft(before: readonly string[]): string[] {
  const known = [...before];
  return process.getActiveResourcesInfo().filter((kind) => {
    const at = known.indexOf(kind);
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
}

interface TcpHandle {
  readonly type: string;
  readonly localEndpoint?: { readonly port: number } | null;
  readonly remoteEndpoint?: { readonly port: number } | null;
}

/** The ports of both ends of each TCP handle of this process, as `41489 - none`. */
export function tcpPorts(): string[] {
  const { libuv } = process.report.getReport() as unknown as { readonly libuv: readonly TcpHandle[] };
  const portOf = (end: TcpHandle["localEndpoint"]): number | "none" => end?.port ?? "none";
  return libuv
    .filter(({ type }) => type === "tcp")
    .map(({ localEndpoint, remoteEndpoint }) => `${portOf(localEndpoint)} - ${portOf(remoteEndpoint)}`);
}

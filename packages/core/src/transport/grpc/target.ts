/** grpc-js target of a `host:port`: addresses as they are, names by DNS. */
export function targetOf(address: string): string {
  if (address.startsWith("[")) return `ipv6:${address}`;
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(address) ? `ipv4:${address}` : `dns:${address}`;
}

/**
 * The text with the user and password of every URL in it replaced by `***`: `etcd://***@10.0.0.1:2379`. Takes too much
 * rather than too little, since URLs that are wrong are what error messages show: a password may have a slash or an @.
 */
export function withoutCredentials(text: string): string {
  // Bounded, so that a long text full of `//` is not searched to its end for each of them.
  return text.replaceAll(/\/\/(?:[^\s/:@]{0,256}:[^\s"']{0,256}|[^\s/]{0,256})@/g, "//***@");
}

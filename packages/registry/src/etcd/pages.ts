import type { IKeyValue } from "etcd3";
import type { KeyRange } from "./keys.js";
import type { Link } from "./link.js";

/** How many keys one request reads. */
const pageLength = 500;

/** Reads a range a page at a time, so that no answer is large. Keys that change meanwhile may be seen or not. */
export async function readPages(kv: Link, { key, end }: KeyRange): Promise<readonly IKeyValue[]> {
  const all: IKeyValue[] = [];
  for (let from = key; ;) {
    const request = { key: from, ...(end ? { range_end: end } : {}), limit: pageLength };
    const { kvs, more } = await kv.call(({ kv }) => kv.range(request));
    all.push(...kvs);
    const last = kvs.at(-1);
    if (!more || !last) return all;
    from = Buffer.concat([last.key, Buffer.of(0)]);
  }
}

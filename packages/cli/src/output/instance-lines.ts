import { effectiveWeights, type ListedInstance } from "@rollcall/core";
import type { ServiceBreaker } from "../breakers.js";
import { roughDuration } from "../duration.js";
import { policyWords } from "../policy/policy-words.js";
import type { ServiceState } from "../policy/stored-policies.js";
import { breakerLines } from "./breaker-lines.js";
import type { Paint } from "./paint.js";
import { printable } from "./printable.js";
import { table, type Cell, type Column } from "./table.js";

const columns: readonly Column[] = [
  { title: "instance" },
  { title: "address" },
  { title: "version" },
  { title: "track" },
  { title: "zone" },
  { title: "state" },
  { title: "weight", align: "right" },
  { title: "effective", align: "right" },
  { title: "lease", align: "right" },
];

/** A service as it is listed. */
export interface ListedService extends ServiceState {
  readonly breakers: readonly ServiceBreaker[];
}

/** Services with their policies, and below each its instances and open breakers; the columns of all services are aligned. */
export function instanceLines(services: readonly ListedService[], paint: Paint): readonly string[] {
  const rows = services.flatMap(rowsOf);
  const [titles = "", ...lines] = table(columns, rows, paint);
  let next = 0;
  return [
    ...(rows.length > 0 ? [`  ${titles}`] : []),
    ...services.flatMap((state) => [
      ...titleLines(state, paint),
      ...state.instances.map(() => `  ${lines[next++] ?? ""}`),
      ...breakerLines(state.breakers, paint),
    ]),
  ];
}

/** A service and its policy: in one line if that is short enough, else in as many as it takes. */
function titleLines({ service, stored }: ServiceState, paint: Paint): readonly string[] {
  const name = paint("bold", service);
  if (stored.fault !== undefined)
    return [`${name}  ${paint("red", `not a policy: ${printable(stored.fault)}`)}`];
  if (!stored.policy) return [`${name}  ${paint("dim", "no policy")}`];
  const words = policyWords(stored.policy).map(printable);
  const line = words.join("; ");
  if (service.length + line.length <= 96) return [`${name}  ${paint("cyan", line)}`];
  return [name, ...words.map((each) => `  ${paint("cyan", each)}`)];
}

function rowsOf({ stored, instances }: ServiceState): readonly (readonly Cell[])[] {
  const weights = effectiveWeights(
    stored.policy,
    instances.map(({ instance }) => instance),
  );
  return instances.map((each) => row(each, weights.get(each.instance.id) ?? 0));
}

function row({ instance, leaseLeftMs }: ListedInstance, effective: number): readonly Cell[] {
  const { id, address, version, track, zone, state, weight } = instance;
  return [
    id,
    address === id ? "" : address,
    version,
    track,
    zone,
    { text: state, style: state === "up" ? "green" : "yellow" },
    String(weight),
    { text: String(effective), style: effective === weight ? "dim" : "bold" },
    leaseLeftMs === undefined ? "" : roughDuration(leaseLeftMs),
  ];
}

import { effectiveWeight, type ListedInstance, type RolloutPolicy } from "@rollcall/core";
import { roughDuration } from "../duration.js";
import { policyLine } from "../policy/policy-words.js";
import type { ServiceState } from "../policy/stored-policies.js";
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

/** Services with their policies, and below each its instances; the columns of all services are aligned. */
export function instanceLines(services: readonly ServiceState[], paint: Paint): readonly string[] {
  const rows = services.flatMap(({ stored, instances }) => instances.map((each) => row(each, stored.policy)));
  const [titles = "", ...lines] = table(columns, rows, paint);
  let next = 0;
  return [
    ...(rows.length > 0 ? [`  ${titles}`] : []),
    ...services.flatMap((state) => [
      `${paint("bold", state.service)}  ${policyText(state, paint)}`,
      ...state.instances.map(() => `  ${lines[next++] ?? ""}`),
    ]),
  ];
}

function policyText({ stored }: ServiceState, paint: Paint): string {
  if (stored.fault !== undefined) return paint("red", `not a policy: ${printable(stored.fault)}`);
  if (!stored.policy) return paint("dim", "no policy");
  return paint("cyan", printable(policyLine(stored.policy)));
}

function row({ instance, leaseLeftMs }: ListedInstance, policy: RolloutPolicy | undefined): readonly Cell[] {
  const { id, address, version, track, zone, state, weight } = instance;
  const effective = effectiveWeight(instance, policy);
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

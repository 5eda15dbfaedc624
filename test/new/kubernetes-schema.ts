/** A kind of Kubernetes' API. Its schema knows types and what must be there; a field that it does not know it lets pass. */
type Kind = new (document: unknown) => { validate(): void };

// Without its types: they do not hold under exactOptionalPropertyTypes.
const load = (name: string): Promise<Record<string, Kind>> => import(name) as Promise<Record<string, Kind>>;
const kinds: Readonly<Record<string, Kind | undefined>> = {
  "apps/v1 Deployment": (await load("kubernetes-models/apps/v1"))["Deployment"],
  "policy/v1 PodDisruptionBudget": (await load("kubernetes-models/policy/v1"))["PodDisruptionBudget"],
  "v1 Service": (await load("kubernetes-models/v1"))["Service"],
};

/** @throws Error for a document that Kubernetes would refuse, or a kind that is not listed here */
export function validateManifest(document: unknown): void {
  const { apiVersion, kind } = document as { readonly apiVersion: string; readonly kind: string };
  const Model = kinds[`${apiVersion} ${kind}`];
  if (!Model) throw new Error(`no schema for ${apiVersion} ${kind}`);
  new Model(document).validate();
}

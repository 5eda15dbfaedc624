import leven from "leven";

/** How many names an error lists, and how much of a name is compared. */
const mostListed = 10;
const mostCompared = 64;

/** For the end of an error: what somebody may have meant, and what there is. */
export function nearest(wanted: string, names: readonly string[]): string {
  const close = names
    .map((name) => ({ name, ...likeness(wanted, name) }))
    // As commander judges the names of commands.
    .filter(({ distance, likeness: share }) => distance <= 3 && share > 0.4)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
  const listed = names.slice(0, mostListed).join(", ");
  const more = names.length - mostListed;
  const meant = close.length > 0 ? `did you mean ${close.join(" or ")}? ` : "";
  return `${meant}it has ${listed}${more > 0 ? ` and ${more} more` : ""}`;
}

/** By full name, or by its last part where only that is given. */
function likeness(wanted: string, name: string): { readonly distance: number; readonly likeness: number } {
  const compared = wanted.includes(".") ? name : name.slice(name.lastIndexOf(".") + 1);
  const [a, b] = [wanted, compared].map((each) => each.toLowerCase().slice(0, mostCompared)) as [
    string,
    string,
  ];
  const distance = leven(a, b);
  return { distance, likeness: 1 - distance / Math.max(a.length, b.length, 1) };
}

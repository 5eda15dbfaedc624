// oxlint-disable no-control-regex -- control characters are what it must find
const controls =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text from a registry, as a terminal may show it: control characters, which could move its cursor or hide text, are escaped. */
export function printable(text: string): string {
  return text.replace(controls, escaped).replaceAll("\n", "\\n");
}

/** As `printable`, for text of several lines. */
export function printableLines(text: string): string {
  return text.replace(controls, escaped);
}

/** One line of JSON without characters that a terminal would act on. */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(controls, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

import { ConfigError } from "@rollcall/core";

const decimal = /^\d+(?:\.\d+)?$/;

/**
 * A percentage as `Rule.percent` has it, from `5`, `0.5` or `5%`.
 * @throws ConfigError when it is not a number from 0 to 100
 */
export function parsePercent(text: string): number {
  const digits = text.trim().replace(/\s*%$/, "");
  const percent = Number(digits);
  if (decimal.test(digits) && percent <= 100) return percent;
  throw new ConfigError(`percent ${JSON.stringify(text)} is not a number from 0 to 100`);
}

/**
 * A weight, 0 or more.
 * @throws ConfigError when it is no number from 0 to a million
 */
export function parseWeight(text: string): number {
  const weight = Number(text);
  if (decimal.test(text.trim()) && weight <= 1_000_000) return weight;
  throw new ConfigError(`weight ${JSON.stringify(text)} is not a number from 0 to 1000000`);
}

/**
 * A share from 0 to 1, from `1%` or `0.01`.
 * @throws ConfigError for anything else; a bare 1 or more could mean percent, so it is refused
 */
export function parseRate(text: string): number {
  const [, digits, sign] = /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(text) ?? [];
  // Moving the point in the text is exact; dividing by 100 is not.
  const rate = Number(sign ? `${digits}e-2` : digits);
  if (digits !== undefined && rate <= 1 && (sign || rate < 1)) return rate;
  throw new ConfigError(`rate ${JSON.stringify(text)} is not a share; write it as 1% or 0.01`);
}

/**
 * How many times as slow something may be: `1.5`.
 * @throws ConfigError when it is less than 1 or no number
 */
export function parseRatio(text: string): number {
  const ratio = Number(text);
  if (decimal.test(text.trim()) && ratio >= 1 && ratio <= 1000) return ratio;
  throw new ConfigError(`ratio ${JSON.stringify(text)} is not a number from 1 to 1000, as in 1.5`);
}

/**
 * The steps of a rollout, from `1,5,25,50,100`.
 * @throws ConfigError unless they rise from above 0 to 100 at most
 */
export function parseSteps(text: string): readonly number[] {
  const steps = text.split(",").map(parsePercent);
  const rising = steps.every((step, n) => step > (steps[n - 1] ?? 0));
  if (rising) return steps;
  throw new ConfigError(
    `steps ${JSON.stringify(text)} do not rise from above 0; write percents such as 1,5,25,50,100`,
  );
}

/** `5 %`. */
export function formatPercent(percent: number): string {
  return `${trimmed(percent, 6)} %`;
}

/** A share from 0 to 1 as `1.25 %`, with two decimals at most. */
export function formatRate(rate: number): string {
  const percent = rate * 100;
  return percent > 0 && percent < 0.005 ? "< 0.01 %" : `${trimmed(percent, 2)} %`;
}

function trimmed(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)));
}

/** What version 1 charges: a price that belongs to the article. */
export function listPrice(article: string): number {
  let sum = 0;
  for (const character of article) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 10_000;
  return 100 + sum;
}

const categories = ["books", "games", "garden"];

/** Version 2 gives discounts by category. Whoever wrote its table forgot the garden. */
export function discountedPrice(article: string, bug: boolean): number {
  const price = listPrice(article);
  const category = categories[price % categories.length] as string;
  const discounts = new Map([
    ["books", { percent: 10 }],
    ["games", { percent: 20 }],
    ...(bug ? [] : ([["garden", { percent: 30 }]] as const)),
  ]);
  // With the bug: reading `percent` of undefined.
  const { percent } = discounts.get(category)!;
  return Math.round(price * (1 - percent / 100));
}

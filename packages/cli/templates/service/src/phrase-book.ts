/** The words for a greeting, by language. Put a database in its place: the service does not notice, nor do its tests. */
export class PhraseBook {
  readonly #phrases = new Map([
    ["en", "Hello"],
    ["de", "Hallo"],
    ["is", "Halló"],
  ]);

  async find(language: string): Promise<string | undefined> {
    return this.#phrases.get(language);
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import { createApp, readSettings, Service } from "@rollcall/app";
import { Catalogue, type GetPrice, type QuoteInit } from "./gen/catalogue/v1/catalogue.js";
import { discountedPrice, listPrice } from "./prices.js";

const { version } = readSettings({});
const bug = process.env["CATALOGUE_BUG"] === "on";

@Service(Catalogue)
class CatalogueService {
  async price({ article }: GetPrice): Promise<QuoteInit> {
    // A few milliseconds of a database's time.
    await sleep(4 + Math.random() * 8);
    const cents = version.startsWith("1.") ? listPrice(article) : discountedPrice(article, bug);
    return { article, cents };
  }
}

await createApp({ name: "catalogue", services: [CatalogueService] }).run();

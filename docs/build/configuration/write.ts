import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configurationReference } from "./reference.js";

writeFileSync(join(import.meta.dirname, "../../guides/configuration.md"), configurationReference());

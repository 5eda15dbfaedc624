import { relative } from "node:path";
import { packPackages } from "./pack-packages.js";

const [folder = "artifacts"] = process.argv.slice(2);
for (const { name, version, filename } of await packPackages(folder))
  console.log(`${name} ${version}  ${relative(process.cwd(), filename)}`);

import { protectionTable } from "./protection.js";
import { settingsTable } from "./settings.js";
import { tlsTable } from "./tls-settings.js";

/** Every environment variable that an app reads. */
export const variables: readonly string[] = [settingsTable, tlsTable, protectionTable].flatMap((table) =>
  Object.values(table).map((each) => each.variable),
);

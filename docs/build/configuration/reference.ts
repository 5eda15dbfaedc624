import { protectionTable } from "../../../packages/app/src/protection.js";
import { settingsTable, type Setting } from "../../../packages/app/src/settings.js";
import { tlsTable } from "../../../packages/app/src/tls-settings.js";
import { docstringsOf } from "./docstrings.js";

/** One setting, from the table that reads it and the docstring of its option. */
export interface DocumentedSetting {
  readonly variable: string;
  readonly option: string;
  readonly allowed: string;
  /** As the table has it; undefined or empty where the docstring says what holds then. */
  readonly fallback: unknown;
  readonly docstring: string;
}

interface Section {
  readonly title: string;
  readonly introduction: string;
  readonly settings: readonly DocumentedSetting[];
}

const appOptions = docstringsOf("packages/app/src/app.ts", "AppOptions");

export const sections: readonly Section[] = [
  {
    title: "An app, its calls and its place in the registry",
    introduction:
      "Options of `createApp`. `createClient` has `registry`, `balancer`, `timeoutMs`, `breaker` and `maxPendingCalls` as " +
      "options too, and reads the variables of the others that are about calls made. In code, `registry` and `balancer` may " +
      "be objects, `breaker` is `false` or its figures, and lists are arrays.",
    settings: documented(settingsTable, "", docstringsOf("packages/app/src/settings.ts", "Settings")),
  },
  {
    title: "TLS",
    introduction:
      "The option `tls` of `createApp` and `createClient`. What they mean together: [Security](security.md).",
    settings: documented(tlsTable, "tls.", {
      ...docstringsOf("packages/core/src/tls/certificates.ts", "CertificateFiles"),
      ...docstringsOf("packages/app/src/tls-settings.ts", "TlsOptions"),
      tls: appOptions["tls"] ?? "",
    }),
  },
  {
    title: "Limits of servers",
    introduction:
      "The option `protection` of `createApp`. What a caller sees beyond each limit: [Limits of servers](protection.md).",
    settings: documented(protectionTable, "protection.", {
      ...docstringsOf("packages/core/src/transport/grpc/server-limits.ts", "GrpcServerLimits"),
      ...docstringsOf("packages/core/src/server/call-limits.ts", "CallLimits"),
    }),
  },
];

function documented(
  table: Readonly<Record<string, Setting<any>>>,
  prefix: string,
  docstrings: Readonly<Record<string, string>>,
): readonly DocumentedSetting[] {
  return Object.entries(table).map(([name, { variable, allowed, fallback }]) => {
    const docstring = docstrings[name];
    if (!docstring) throw new Error(`${variable} has no docstring at its option ${prefix}${name}`);
    // `tls` itself is one of the options too.
    const option = prefix === `${name}.` ? name : prefix + name;
    return { variable, option, allowed, fallback: fallback as unknown, docstring };
  });
}

/** The page `docs/guides/configuration.md`. */
export function configurationReference(): string {
  const parts = sections.map(({ title, introduction, settings }) =>
    [`## ${title}`, introduction, ...settings.map(entry)].join("\n\n"),
  );
  return `${[head, ...parts].join("\n\n")}\n`;
}

function entry({ variable, option, allowed, fallback, docstring }: DocumentedSetting): string {
  const shown = isShown(fallback) ? `; default: \`${String(fallback)}\`` : "";
  return `### ${variable}\n\n${docstring}\n\nOption \`${option}\`; allowed: ${allowed}${shown}.`;
}

function isShown(fallback: unknown): boolean {
  return typeof fallback === "object" ? false : fallback !== undefined && fallback !== "";
}

const head = `# Settings

<!-- Written by \`npx -y pnpm@12 docs:settings\` from packages/app/src and the docstrings of the options; do not edit. -->

Options come from code, then from variables of the environment; a variable that is set and not blank wins. A wrong value
ends the start with an error that names the variable or the option, the value and what is allowed:

\`\`\`text
ROLLCALL_PORT is "abc"; allowed: a port from 1 to 65535, or 0 for any free one
\`\`\`

\`createApp({ env: {} })\` reads no variables at all. Durations are whole milliseconds. Variables that only tests read are in
the guide on [testing](testing.md).`;

/** The commands of a package manager, as a new project has them in its files and its page. */
export interface PackageManager {
  readonly name: PackageManagerName;
  readonly install: string;
  /** Before the name of a script. */
  readonly run: string;
  /** Exactly what the lock file says. */
  readonly ci: string;
  /** As `ci`, without what only development needs. */
  readonly ciProduction: string;
  /** What installing reads beside package.json. */
  readonly files: readonly string[];
  /** Brings the package manager, where Node's images do not have it. */
  readonly setup: string | undefined;
}

export const packageManagerNames = ["npm", "pnpm", "yarn"] as const;
export type PackageManagerName = (typeof packageManagerNames)[number];

const packageManagers: Readonly<Record<PackageManagerName, PackageManager>> = {
  npm: {
    name: "npm",
    install: "npm install",
    run: "npm run",
    ci: "npm ci",
    ciProduction: "npm ci --omit=dev",
    files: ["package-lock.json"],
    setup: undefined,
  },
  pnpm: {
    name: "pnpm",
    install: "pnpm install",
    run: "pnpm run",
    ci: "pnpm install --frozen-lockfile",
    ciProduction: "pnpm install --frozen-lockfile --prod",
    files: ["pnpm-lock.yaml", "pnpm-workspace.yaml"],
    setup: "npm install --global pnpm@12",
  },
  yarn: {
    name: "yarn",
    install: "yarn install",
    run: "yarn run",
    ci: "yarn install --frozen-lockfile",
    ciProduction: "yarn install --frozen-lockfile --production",
    files: ["yarn.lock"],
    setup: undefined,
  },
};

/**
 * The package manager to write a project for.
 * @param asked by name; default the one that runs this process, as it says in `npm_config_user_agent`, else npm. Yarn
 * from 2 on, which has other commands and a resolution of its own, and whatever else there is count as npm.
 */
export function packageManagerFor(
  asked: PackageManagerName | undefined,
  variables: NodeJS.ProcessEnv,
): PackageManager {
  const [, name = "", major = ""] = /^(\w+)\/(\d+)/.exec(variables["npm_config_user_agent"] ?? "") ?? [];
  const running = name === "pnpm" || (name === "yarn" && major === "1") ? name : "npm";
  return packageManagers[asked ?? running];
}

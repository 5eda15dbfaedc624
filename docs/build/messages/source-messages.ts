import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { textsOf } from "./texts.js";

const root = join(import.meta.dirname, "../../..");

/** Errors whose text reaches a user of the framework. */
const errors: ReadonlySet<string> = new Set(["ConfigError", "RpcError", "CertificateError"]);

/** One place that raises an error. */
export interface SourceMessage {
  /** From the root of the repository. */
  readonly file: string;
  readonly line: number;
  /** What it may say, with `<>` for each value; undefined where that comes from another file. */
  readonly texts: readonly string[] | undefined;
}

interface Found {
  readonly raised: readonly SourceMessage[];
  /** Every text there is, raised or logged, with `<>` for each value. */
  readonly texts: ReadonlySet<string>;
}

/** What the sources of these packages say, tests and fixtures apart. */
export function sourceMessages(packages: readonly string[]): Found {
  const raised: SourceMessage[] = [];
  const texts = new Set<string>();
  for (const file of packages.flatMap(filesOf)) {
    const text = readFileSync(join(root, file), "utf8");
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      const message = raisedBy(node);
      if (message) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        raised.push({ file, line: line + 1, texts: textsOf(message) });
      }
      if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node))
        for (const each of textsOf(node) ?? []) texts.add(each);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { raised, texts };
}

function filesOf(name: string): string[] {
  return globSync(`packages/${name}/src/**/*.ts`, { cwd: root })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => !/\.(test|type-test)\.ts$|\/(fixtures|gen)\//.test(file))
    .toSorted();
}

/** The expression of the text of an error that is made here. */
function raisedBy(node: ts.Node): ts.Expression | undefined {
  if (ts.isNewExpression(node) && errors.has(node.expression.getText()))
    // An RpcError's first argument is its code.
    return node.arguments?.[node.expression.getText() === "RpcError" ? 1 : 0];
  // Limits shed calls with words of theirs.
  if (ts.isCallExpression(node) && node.expression.getText().endsWith("shed.refuse"))
    return node.arguments[2];
  return undefined;
}

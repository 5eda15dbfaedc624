import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const root = join(import.meta.dirname, "../../..");

/**
 * What the properties of an interface are said to be, by their names: its docstrings, each in one line.
 * @throws Error when the file has no such interface
 */
export function docstringsOf(file: string, name: string): Readonly<Record<string, string>> {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(root, file), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const found = source.statements.find(
    (each): each is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(each) && each.name.text === name,
  );
  if (!found) throw new Error(`${file} has no interface ${name}`);
  return Object.fromEntries(found.members.map((member) => [member.name?.getText() ?? "", textOf(member)]));
}

function textOf(member: ts.TypeElement): string {
  const [comment] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  return (ts.getTextOfJSDocComment(comment?.comment) ?? "").replaceAll(/\s+/g, " ").trim();
}

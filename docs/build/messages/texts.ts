import ts from "typescript";

/**
 * What an expression may be as a text, with `<>` for each value that is not known: its literals, or those of the constant
 * of the function it calls, or of the callers it is given by, in the same file. Undefined when it comes from elsewhere.
 */
export function textsOf(node: ts.Expression): readonly string[] | undefined {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map(({ literal }) => `<>${literal.text}`).join("")];
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression);
  if (ts.isConditionalExpression(node)) return all([node.whenTrue, node.whenFalse]);
  if (ts.isIdentifier(node)) return ofName(node);
  if (ts.isCallExpression(node)) return ofCalled(node);
  return undefined;
}

/** Undefined is for a value that is none: `fault ? ... : undefined`. */
function all(nodes: readonly ts.Expression[]): readonly string[] | undefined {
  const meant = nodes.filter((each) => each.getText() !== "undefined");
  const texts = meant.map(textsOf);
  return texts.includes(undefined) ? undefined : texts.flatMap((each) => each ?? []);
}

function ofName(name: ts.Identifier): readonly string[] | undefined {
  for (let scope: ts.Node = name.parent; scope; scope = scope.parent) {
    const constant = isBlock(scope) ? constantIn(scope, name.text) : undefined;
    if (constant) return textsOf(constant);
    if (!ts.isFunctionLike(scope)) continue;
    const position = scope.parameters.findIndex((each) => each.name.getText() === name.text);
    if (position >= 0) return ofCallers(scope, position);
  }
  return undefined;
}

/** What a function of this file returns. */
function ofCalled(call: ts.CallExpression): readonly string[] | undefined {
  const called = call
    .getSourceFile()
    .statements.find(
      (each): each is ts.FunctionDeclaration =>
        ts.isFunctionDeclaration(each) && each.name?.text === call.expression.getText(),
    );
  if (!called?.body) return undefined;
  const returned: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isReturnStatement(node) && node.expression) returned.push(node.expression);
    if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  visit(called.body);
  return all(returned);
}

function isBlock(node: ts.Node): node is ts.Block | ts.SourceFile {
  return ts.isBlock(node) || ts.isSourceFile(node);
}

function constantIn(scope: ts.Block | ts.SourceFile, name: string): ts.Expression | undefined {
  for (const statement of scope.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const each of statement.declarationList.declarations)
      if (each.name.getText() === name) return each.initializer;
  }
  return undefined;
}

/** What the callers of a function give it at a position, when there are any in its file. */
function ofCallers(called: ts.SignatureDeclaration, position: number): readonly string[] | undefined {
  const owner = ts.isVariableDeclaration(called.parent) ? called.parent : called;
  const name = owner.name?.getText();
  const given: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    const argument = ts.isCallExpression(node) && nameOf(node) === name && node.arguments[position];
    if (argument) given.push(argument);
    ts.forEachChild(node, visit);
  };
  visit(called.getSourceFile());
  return given.length === 0 ? undefined : all(given);
}

function nameOf({ expression }: ts.CallExpression): string {
  return ts.isPropertyAccessExpression(expression) ? expression.name.getText() : expression.getText();
}

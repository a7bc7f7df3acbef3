// Every code that a fault or a refusal of the source can have, read from the source itself: with the types where the code stands
// in a table or comes as an argument. A code that cannot be read so is told, never passed over.
import { resolve } from 'node:path';
import ts from 'typescript';

export type FoundCode = Readonly<{ code: string; exit: string; file: string }>;
export type FaultCodes = Readonly<{ found: readonly FoundCode[]; unreadable: readonly string[] }>;

/** @param virtual sources beside those on the disk, by their path within the project */
export function faultCodes(root: string, files: readonly string[], virtual: Readonly<Record<string, string>>) {
  const config = ts.getParsedCommandLineOfConfigFile(
    resolve(root, 'tsconfig.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(String(messageText));
      },
    },
  );
  if (config === undefined) throw new Error('tsconfig.json cannot be read');
  const host = ts.createCompilerHost(config.options, true);
  const added = new Map(Object.entries(virtual).map(([file, text]) => [resolve(root, file), text]));
  const { readFile, fileExists } = host;
  host.readFile = (file) => added.get(file) ?? readFile(file);
  host.fileExists = (file) => added.has(file) || fileExists(file);
  const names = [...files.map((file) => resolve(root, file)), ...added.keys()];
  const program = ts.createProgram(names, config.options, host);
  return read(program, new Set(names), root);
}

function read(program: ts.Program, names: ReadonlySet<string>, root: string): FaultCodes {
  const checker = program.getTypeChecker();
  const found: FoundCode[] = [];
  const unreadable: string[] = [];
  const sources = program.getSourceFiles().filter(({ fileName }) => names.has(fileName));
  const nodes = sources.flatMap((source) => all(source));
  const calls = nodes.filter((node) => ts.isCallExpression(node) || ts.isNewExpression(node));
  const fileOf = (node: ts.Node): string => node.getSourceFile().fileName.slice(root.length + 1);

  const note = (expression: ts.Expression, exit: string): void => {
    const codes = values(expression);
    if (codes === undefined) unreadable.push(`${fileOf(expression)}: ${expression.getText()}`);
    else found.push(...codes.map((code) => ({ code, exit, file: fileOf(expression) })));
  };

  /** Undefined: unreadable. Empty: it is carried from where it was made, and found there. */
  function values(expression: ts.Expression): readonly string[] | undefined {
    const type = checker.getTypeAtLocation(expression);
    const parts = type.isUnion() ? type.types : [type];
    if (parts.every((part) => part.isStringLiteral())) return parts.map(({ value }) => value);
    if (ts.isTemplateExpression(expression)) return template(expression);
    if (ts.isBinaryExpression(expression)) return joined([expression.left, expression.right]);
    if (ts.isPropertyAccessExpression(expression)) return expression.name.text === 'code' ? [] : undefined;
    const declared = ts.isIdentifier(expression) ? declarationOf(expression) : undefined;
    if (declared === undefined) return undefined;
    if (ts.isBindingElement(declared)) return isCarried(declared) ? [] : undefined;
    if (ts.isParameter(declared)) return argumentsFor(declared);
    return undefined;
  }

  const declarationOf = (name: ts.Identifier): ts.Declaration | undefined => {
    const short = ts.isShorthandPropertyAssignment(name.parent);
    const symbol = short ? checker.getShorthandAssignmentValueSymbol(name.parent) : checker.getSymbolAtLocation(name);
    return symbol?.valueDeclaration;
  };

  function joined(expressions: readonly ts.Expression[]): readonly string[] | undefined {
    const each = expressions.map(values);
    return each.includes(undefined) ? undefined : each.flatMap((codes) => codes ?? []);
  }

  function template({ head, templateSpans }: ts.TemplateExpression): readonly string[] | undefined {
    let texts: readonly string[] | undefined = [head.text];
    for (const { expression, literal } of templateSpans) {
      const inner = values(expression);
      texts = inner && texts?.flatMap((text) => inner.map((one) => `${text}${one}${literal.text}`));
    }
    return texts;
  }

  /** Taken out of something that has a `code`, or out of a tuple whose part is called so. */
  function isCarried(element: ts.BindingElement): boolean {
    const pattern = element.parent;
    if (ts.isObjectBindingPattern(pattern)) return (element.propertyName ?? element.name).getText() === 'code';
    const source = ts.isVariableDeclaration(pattern.parent) ? pattern.parent.initializer : undefined;
    if (source === undefined) return false;
    return labelsOf(checker.getTypeAtLocation(source))[pattern.elements.indexOf(element)] === 'code';
  }

  function argumentsFor(parameter: ts.ParameterDeclaration): readonly string[] | undefined {
    const owner = parameter.parent;
    const index = owner.parameters.indexOf(parameter);
    const here = calls.filter((call) => checker.getResolvedSignature(call)?.declaration === owner);
    const given = here.flatMap((call) => call.arguments?.[index] ?? []);
    return given.length > 0 && given.length === here.length ? joined(given) : undefined;
  }

  const labelsOf = (type: ts.Type): readonly string[] => {
    const tuples = (type.isUnion() ? type.types : [type]).filter((one) => checker.isTupleType(one));
    const targets = tuples.map((one) => (one as ts.TypeReference).target as ts.TupleType);
    const labelled = targets.find(({ labeledElementDeclarations }) => labeledElementDeclarations !== undefined);
    return (labelled?.labeledElementDeclarations ?? []).map((label) => label?.name.getText() ?? '');
  };

  const isFault = (type: ts.Type): boolean =>
    type.symbol?.name === 'Fault' || (type.isClassOrInterface() && checker.getBaseTypes(type).some(isFault));

  const exitIn = (parts: ts.Expression | undefined): string => {
    const given = parts === undefined ? undefined : checker.getTypeAtLocation(parts).getProperty('exit');
    const exit = given?.valueDeclaration === undefined ? undefined : checker.getTypeOfSymbol(given);
    return exit?.isStringLiteral() ? exit.value : 'failed';
  };

  for (const node of nodes) {
    if (ts.isNewExpression(node) && isFault(checker.getTypeAtLocation(node))) {
      const [code, parts] = node.arguments ?? [];
      if (code !== undefined && parts !== undefined && node.arguments?.length === 2) note(code, exitIn(parts));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) {
      // What a class of faults is only handed stands where it is made.
      const [code] = node.arguments;
      const handed =
        code !== undefined && ts.isIdentifier(code) && declarationOf(code)?.kind === ts.SyntaxKind.Parameter;
      if (code !== undefined && !handed && isFault(checker.getTypeAtLocation(node.expression))) note(code, 'failed');
    } else if (ts.isArrayLiteralExpression(node)) {
      const [code] = node.elements;
      const expected = checker.getContextualType(node);
      if (code !== undefined && expected !== undefined && labelsOf(expected)[0] === 'code') note(code, 'failed');
    } else if (ts.isObjectLiteralExpression(node)) {
      const code = codeBesideRemedy(node);
      if (code !== undefined) note(code, 'failed');
    }
  }
  return { found, unreadable };
}

function codeBesideRemedy(literal: ts.ObjectLiteralExpression): ts.Expression | undefined {
  const properties = spreadOut(literal);
  const named = (wanted: string) => properties.find(({ name }) => name?.getText() === wanted);
  const code = named('code');
  if (code === undefined || named('remedy') === undefined) return undefined;
  if (ts.isShorthandPropertyAssignment(code)) return code.name;
  return ts.isPropertyAssignment(code) ? code.initializer : undefined;
}

/** With those of the literals that are spread into it. */
const spreadOut = ({ properties }: ts.ObjectLiteralExpression): readonly ts.ObjectLiteralElementLike[] =>
  properties.flatMap((one) =>
    ts.isSpreadAssignment(one) && ts.isObjectLiteralExpression(one.expression) ? spreadOut(one.expression) : [one],
  );

function all(source: ts.SourceFile): readonly ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return nodes;
}

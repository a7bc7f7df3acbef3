// A promise that is returned without `await` out of a block that gives something back at its end (`using`, `await using`, `finally`)
// is still under way when that is gone: install-gate once left the machine that it was still reading.
import assert from 'node:assert/strict';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');

function programOf(files: readonly string[]): ts.Program {
  const path = join(root, 'tsconfig.json');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path, ts.sys.readFile).config,
    ts.sys,
    dirname(path),
  );
  return ts.createProgram(files, { ...options, noEmit: true });
}

const isFunction = (node: ts.Node): boolean =>
  ts.isFunctionDeclaration(node) ||
  ts.isFunctionExpression(node) ||
  ts.isArrowFunction(node) ||
  ts.isMethodDeclaration(node);

const givesBack = (block: ts.Node): boolean =>
  ts.isBlock(block) &&
  (block.statements.some(
    (one) =>
      ts.isVariableStatement(one) &&
      [ts.NodeFlags.Using, ts.NodeFlags.AwaitUsing].includes(one.declarationList.flags & ts.NodeFlags.AwaitUsing),
  ) ||
    (ts.isTryStatement(block.parent) && block.parent.tryBlock === block && block.parent.finallyBlock !== undefined));

/** Places as file:line. */
function returnedIn(program: ts.Program, within: (file: string) => boolean): readonly string[] {
  const checker = program.getTypeChecker();
  const found: string[] = [];
  const look = (node: ts.Node, file: ts.SourceFile, holds: boolean): void => {
    if (ts.isReturnStatement(node) && node.expression !== undefined && holds) {
      const type = checker.getTypeAtLocation(node.expression);
      if (checker.getPropertyOfType(type, 'then') !== undefined)
        found.push(`${relative(root, file.fileName)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    }
    const inside = isFunction(node) ? false : holds || givesBack(node);
    ts.forEachChild(node, (child) => look(child, file, inside));
  };
  for (const file of program.getSourceFiles()) if (within(file.fileName)) look(file, file, false);
  return found;
}

describe('a promise', () => {
  it('is waited for before what it works on is given back', () => {
    const program = programOf(ts.sys.readDirectory(join(root, 'src'), ['.ts']));
    assert.deepEqual(
      returnedIn(program, (file) => file.startsWith(join(root, 'src'))),
      [],
    );
  });

  it('that is not would be found (control)', () => {
    const path = join(root, 'src', 'control-of-promises.ts');
    const text = `declare const world: () => AsyncDisposable; declare const ask: () => Promise<number>;
export async function one() { await using held = world(); return ask(); }
export async function two() { try { return ask(); } finally { world(); } }
export async function fine() { await using held = world(); return await ask(); }
export async function alsoFine() { await using held = world(); return { later: () => ask() }; }
`;
    const host = ts.createCompilerHost({});
    const { getSourceFile } = host;
    host.getSourceFile = (name, version) =>
      name === path ? ts.createSourceFile(name, text, version, true) : getSourceFile(name, version);
    const options = { target: ts.ScriptTarget.ESNext, lib: ['lib.esnext.d.ts'], noEmit: true };
    const program = ts.createProgram([path], options, host);
    assert.deepEqual(
      returnedIn(program, (file) => file === path).map((place) => place.split(':').at(-1)),
      ['2', '3'],
    );
  });
});

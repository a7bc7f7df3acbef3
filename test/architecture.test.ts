// The house keeps its own rules: who may import whom, no cycles, no `index.ts`, files that are rooms and not halls.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '..');
const sources = globSync('{src,lab}/**/*.ts', { cwd: root }).filter((file) => !/\.test(-support)?\.ts$/.test(file));

type Import = Readonly<{ from: string; to: string; typeOnly: boolean }>;

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const note = (name: string, typeOnly: boolean) => {
    const to = name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name;
    found.push({ from: file, to, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      const clause = ts.isImportDeclaration(node) ? node.importClause : undefined;
      const typeOnly = ts.isImportDeclaration(node) ? clause?.isTypeOnly === true : node.isTypeOnly;
      if (ts.isStringLiteral(node.moduleSpecifier)) note(node.moduleSpecifier.text, typeOnly);
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [name] = node.arguments;
      assert.ok(name !== undefined && ts.isStringLiteral(name), `${file} imports a computed path`);
      note(name.text, false);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

const imports = sources.flatMap(importsOf);
const within = imports.filter(({ to }) => to.startsWith('src/') || to.startsWith('lab/'));

// The ranks of ARCHITECTURE.md. A folder imports its own rank's folder only where that is itself, and what stands below.
const ranks = [
  ['values'],
  ['model'],
  ['contracts', 'guard', 'proxmox', 'machines', 'store', 'secrets'],
  ['resources', 'consequences', 'layers', 'checks', 'channels'],
  [
    'estate',
    'desired',
    'observed',
    'plan',
    'apply',
    'journal',
    'host',
    'catalogue',
    'metrics',
    'validate',
    'identities',
    'schedule',
    'service',
    'routes',
    'track',
  ],
  ['composition'],
  ['http'],
  ['daemon'],
  ['cli'],
  ['main'],
] as const;
const ports = ['proxmox', 'machines', 'store', 'secrets'];
const kinds: readonly string[] = ranks[3];
const stages: readonly string[] = ranks[4];

function homeOf(file: string): string {
  const [top, folder, rest] = file.split('/');
  if (top === 'lab') return 'lab';
  if (file === 'src/main.ts') return 'main';
  if (file === 'src/fault.ts') return 'values';
  return rest === undefined ? 'composition' : (folder ?? '');
}
const rankOf = (home: string): number => ranks.findIndex((rank) => (rank as readonly string[]).includes(home));

/** Undefined where it is allowed, else why it is not. */
function forbidden({ from, to, typeOnly }: Import): string | undefined {
  const [here, there] = [homeOf(from), homeOf(to)];
  if (here === there) return kinds.includes(here) ? betweenKinds(from, to) : undefined;
  if (here === 'lab') return there === 'values' ? undefined : 'the lab knows only values and faults';
  if (there === 'lab') return from === 'src/cli/lab.ts' ? undefined : 'only the command `lab` may start one';
  if (rankOf(here) < 0 || rankOf(there) < 0) return 'a folder without a rank';
  if (rankOf(there) > rankOf(here)) return 'it stands above';
  if (rankOf(there) === rankOf(here)) {
    // Contracts speak of ports by type; guard is pure and speaks of contracts.
    return ['contracts', 'guard'].includes(here) && typeOnly ? undefined : 'it stands beside';
  }
  if (ports.includes(here) && !['values'].includes(there)) return 'a port knows only values and faults';
  if (stages.includes(here) && kinds.includes(there)) return 'a stage is handed its kinds';
  return undefined;
}

/** A kind is a file or a folder; what stands in `common/`, beside them, is not a kind. */
function betweenKinds(from: string, to: string): string | undefined {
  const names = (file: string) => file.split('/').slice(2);
  const [fromKind = '', toKind = ''] = [names(from)[0], names(to)[0]].map((name) => (name ?? '').replace(/\.ts$/, ''));
  const shared = ['all', 'common', 'compare', 'host'];
  if (fromKind === 'all' || shared.includes(toKind)) return undefined;
  const family = (name: string) => name.replace(/-(schema|fields)$/, '');
  return family(fromKind) === family(toKind) ? undefined : 'a kind never knows another kind';
}

describe('the house', () => {
  it('lets imports point only downwards', () => {
    assert.ok(within.length > 100, 'the imports were found at all');
    const wrong = within.flatMap((one) => {
      const why = forbidden(one);
      return why === undefined ? [] : [`${one.from} imports ${one.to}: ${why}`];
    });
    assert.deepEqual(wrong, []);
  });

  it('would notice an import that points upwards (control)', () => {
    const up = [
      { from: 'src/values/size.ts', to: 'src/model/plan.ts', typeOnly: false },
      {
        from: 'src/resources/pve-storage/pve-storage.ts',
        to: 'src/resources/pbs-prune-job/pbs-prune-job.ts',
        typeOnly: false,
      },
      { from: 'src/plan/decide.ts', to: 'src/resources/pve-storage/pve-storage.ts', typeOnly: false },
      { from: 'src/proxmox/http.ts', to: 'src/model/estate.ts', typeOnly: true },
    ];
    for (const one of up) assert.ok(forbidden(one) !== undefined, `${one.from} -> ${one.to}`);
  });

  it('has no cycle of imports, those of types included', () => {
    const others = globSync('{bench,proof,scripts,web}/**/*.ts', { cwd: root });
    const graph = Map.groupBy([...imports, ...others.flatMap(importsOf)], ({ from }) => from);
    const done = new Set<string>();
    const walk = (file: string, path: readonly string[]): void => {
      assert.ok(!path.includes(file), `a cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
      if (done.has(file)) return;
      for (const { to } of graph.get(file) ?? []) walk(to, [...path, file]);
      done.add(file);
    };
    for (const file of [...sources, ...others]) walk(file, []);
  });

  it('keeps processes, files and sockets behind their ports', () => {
    const fenced: Readonly<Record<string, readonly string[]>> = {
      // The lab's host makes file systems with their own programs.
      'node:child_process': ['machines', 'secrets', 'lab'],
      execa: ['machines', 'secrets'],
      undici: ['proxmox', 'lab'],
      'node:net': ['proxmox', 'lab', 'channels', 'values', 'estate', 'http'],
      'node:tls': ['proxmox', 'lab'],
    };
    const wrong = imports.filter(({ from, to, typeOnly }) => !typeOnly && fenced[to]?.includes(homeOf(from)) === false);
    assert.deepEqual(wrong, []);
    const pure = [
      'values',
      'model',
      'contracts',
      'guard',
      'plan',
      'checks',
      'resources',
      'layers',
      'desired',
      'schedule',
      'metrics',
      'routes',
    ];
    const touches = imports.filter(
      ({ from, to }) => pure.includes(homeOf(from)) && /^node:(fs|http|https|os|process)/.test(to),
    );
    assert.deepEqual(touches, []);
  });

  it('reads the environment in main.ts only, and the clock in values/instant.ts only', () => {
    const wrong = sources.filter((file) => {
      if (file === 'src/main.ts' || file === 'src/values/instant.ts' || file.startsWith('lab/')) return false;
      const text = readFileSync(join(root, file), 'utf8').replace(/\/\/.*$|\/\*[\s\S]*?\*\//gm, '');
      return /process\.env|Date\.now\(|new Date\(\)|setTimeout\(|setInterval\(|performance\.now\(/.test(text);
    });
    assert.deepEqual(wrong, []);
  });

  it('evaluates no code that it made itself', () => {
    const wrong = sources.filter((file) => /\beval\(|new Function\(/.test(readFileSync(join(root, file), 'utf8')));
    assert.deepEqual(wrong, []);
  });

  it('has no index.ts, and files that are rooms: median at most 80 lines, at most three past 350, each saying why', () => {
    assert.deepEqual(
      sources.filter((file) => /(^|\/)index\.ts$/.test(file)),
      [],
    );
    const lengths = sources.map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length }));
    const median = lengths.map(({ lines }) => lines).sort((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? 0;
    assert.ok(median <= 80, `the median file has ${median} lines`);
    const halls = lengths.filter(({ lines }) => lines > 350);
    assert.ok(halls.length <= 3, halls.map(({ file }) => file).join(', '));
    for (const { file } of halls)
      assert.match(
        readFileSync(join(root, file), 'utf8').slice(0, 600),
        /long because|one file because/,
        `${file} says why`,
      );
  });

  it('has a test beside every folder that decides', () => {
    for (const folder of [
      'plan',
      'schedule',
      'apply',
      'estate',
      'checks',
      'layers',
      'resources',
      'proxmox',
      'machines',
      'guard',
      'routes',
    ])
      assert.ok(globSync(`src/${folder}/**/*.test.ts`, { cwd: root }).length > 0, `src/${folder} has no test`);
    assert.ok(existsSync(join(root, 'src/pipeline.ts')));
  });
});

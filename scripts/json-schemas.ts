// `node scripts/json-schemas.ts [--check]`: docs/reference/json/COMMAND.schema.json, one for each answer of src/cli/answers.ts.
// With `--check` nothing is written: a schema that is stale, missing or of no answer fails.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ChainNodeParser,
  type Config,
  type Context,
  createFormatter,
  createParser,
  createProgram,
  DEFAULT_CONFIG,
  type NodeParser,
  type Schema,
  SchemaGenerator,
  type SubNodeParser,
} from 'ts-json-schema-generator';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '..');
const folder = 'docs/reference/json';
const config = {
  ...DEFAULT_CONFIG,
  path: resolve(root, 'src/cli/answers.ts'),
  tsconfig: resolve(root, 'tsconfig.json'),
  skipTypeCheck: true,
  // A later version may print a field more, and no consumer of these schemas shall break on it.
  additionalProperties: true,
} satisfies Config;

/** What is read-only has the same JSON; as a mapped type, the generator would melt a union of objects into one object. */
const withoutReadonly = (inner: NodeParser): SubNodeParser => {
  const argumentOf = (node: ts.Node): ts.TypeNode | undefined =>
    ts.isTypeReferenceNode(node) && node.typeName.getText() === 'Readonly' ? node.typeArguments?.[0] : undefined;
  return {
    supportsNode: (node) => argumentOf(node) !== undefined,
    createType: (node: ts.Node, context: Context) => inner.createType(argumentOf(node) ?? node, context),
  };
};

function generated(): Readonly<Record<string, Schema>> {
  const program = createProgram(config);
  const parser = createParser(program, config, (chain) =>
    chain.addNodeParser(withoutReadonly(chain as ChainNodeParser)),
  );
  const generator = new SchemaGenerator(program, parser, createFormatter(config), config);
  return generator.createSchema('*').definitions as Record<string, Schema>;
}

type Definitions = Readonly<Record<string, Schema>>;

/** The names that a schema speaks of, and those that these speak of. */
function reached(schema: unknown, definitions: Definitions, known: Set<string> = new Set()): ReadonlySet<string> {
  for (const [, name = ''] of JSON.stringify(schema).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
    if (known.has(name)) continue;
    known.add(name);
    reached(definitions[name], definitions, known);
  }
  return known;
}

function schemas(): ReadonlyMap<string, string> {
  const definitions = generated();
  const answers = definitions['Answers']?.properties ?? {};
  const fault: Schema = { $ref: '#/definitions/FaultAnswer' };
  const files = Object.entries({ ...answers, fault }).map(([name, schema]) => {
    const names = [...reached(schema, definitions)].sort();
    const whole = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: name === 'fault' ? 'holdfast --json, where it cannot answer' : `holdfast ${name} --json`,
      ...(schema as Schema),
      definitions: Object.fromEntries(names.map((one) => [one, definitions[one]])),
    };
    return [`${folder}/${name}.schema.json`, `${JSON.stringify(whole, null, 2)}\n`] as const;
  });
  return new Map(files);
}

function current(file: string): string | undefined {
  try {
    return readFileSync(resolve(root, file), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function main(check: boolean): number {
  const wanted = schemas();
  const stale = [...wanted].filter(([file, content]) => current(file) !== content);
  const foreign = globSync(`${folder}/*.json`, { cwd: root }).filter((file) => !wanted.has(file));
  if (check) {
    if (stale.length + foreign.length === 0) console.log('the schemas of the answers are fresh');
    for (const [file] of stale) console.error(`${file} is stale: run npm run docs`);
    for (const file of foreign) console.error(`${file} belongs to no answer of src/cli/answers.ts`);
    return stale.length + foreign.length === 0 ? 0 : 1;
  }
  mkdirSync(resolve(root, folder), { recursive: true });
  for (const [file, content] of stale) writeFileSync(resolve(root, file), content);
  for (const file of foreign) rmSync(resolve(root, file));
  console.log(`${stale.length} of ${wanted.size} schemas written, ${foreign.length} removed`);
  return 0;
}

process.exitCode = main(process.argv.includes('--check'));

// `npm run docs [-- --check]`: the pages that are made from the code, and the schemas of the answers. With `--check` nothing is
// written: a page that is stale fails, and scripts/json-schemas.ts has a check of its own. A page more is a line more in `pages`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { channels } from '../src/channels/all.ts';
import { estateJsonSchema } from '../src/estate/json-schema.ts';
import { referencePage } from '../src/estate/reference-page.ts';
import { layers } from '../src/layers/all.ts';
import { resources } from '../src/resources/all.ts';
import { commandsPage, program } from './docs/commands.ts';

const root = resolve(import.meta.dirname, '..');
const estate = estateJsonSchema({ resources, layers, channels });

const pages: Readonly<Record<string, string>> = {
  'docs/reference/estate.schema.json': `${JSON.stringify(estate, null, 2)}\n`,
  'docs/reference/estate.md': referencePage(estate),
  'docs/reference/commands.md': commandsPage(program()),
};

function current(page: string): string | undefined {
  try {
    return readFileSync(resolve(root, page), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function main(check: boolean): number {
  const stale = Object.entries(pages).filter(([page, content]) => current(page) !== content);
  for (const [page, content] of stale) {
    if (check) console.error(`${page} is stale: run npm run docs`);
    else {
      mkdirSync(dirname(resolve(root, page)), { recursive: true });
      writeFileSync(resolve(root, page), content);
      console.log(`${page} is written`);
    }
  }
  if (stale.length === 0) console.log('the pages made from the code are fresh');
  if (check) return stale.length > 0 ? 1 : 0;
  const schemas = resolve(root, 'scripts/json-schemas.ts');
  return spawnSync(process.execPath, [schemas], { cwd: root, stdio: 'inherit' }).status ?? 1;
}

process.exitCode = main(process.argv.includes('--check'));

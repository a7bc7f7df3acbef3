// `npm run docs [-- --check]`: the pages that are made from the code. With `--check` nothing is written: a page that is stale
// fails. A page more is a line more in `pages`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { channels } from '../src/channels/all.ts';
import { estateJsonSchema } from '../src/estate/json-schema.ts';
import { referencePage } from '../src/estate/reference-page.ts';
import { layers } from '../src/layers/all.ts';
import { resources } from '../src/resources/all.ts';

const root = resolve(import.meta.dirname, '..');
const estate = estateJsonSchema({ resources, layers, channels });

const pages: Readonly<Record<string, string>> = {
  'docs/reference/estate.schema.json': `${JSON.stringify(estate, null, 2)}\n`,
  'docs/reference/estate.md': referencePage(estate),
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
  return check && stale.length > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.includes('--check'));

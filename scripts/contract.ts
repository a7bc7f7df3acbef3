// `node scripts/contract.ts [--check]`: the part of the published API descriptions that the lab serves, cut out as it stands
// there. What is served is lab/contract/served.json. With `--check` nothing is written: a table that differs fails.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const published = resolve(root, '../shared/api');

type Description = { source: string; formats: unknown; paths: Record<string, Record<string, unknown>> };
type Served = Record<string, Record<string, readonly string[]>>;

const read = <Shape>(file: string): Shape => JSON.parse(readFileSync(file, 'utf8')) as Shape;
const tableOf = (product: string): string => resolve(root, 'lab/contract', `${product}.json`);

/** One method a line, so that a difference shows which one. */
function cutOut(product: string, served: Served[string]): string {
  const { source, formats, paths } = read<Description>(resolve(published, `${product}-api.json`));
  const blocks = Object.entries(served).map(([path, methods]) => {
    const lines = methods.map((method) => {
      const described = paths[path]?.[method];
      if (described === undefined) throw new Error(`${product}: the published API has no ${method} ${path}`);
      return `   ${JSON.stringify(method)}: ${JSON.stringify(described)}`;
    });
    return `  ${JSON.stringify(path)}: {\n${lines.join(',\n')}\n  }`;
  });
  const head = ` "source": ${JSON.stringify(source)},\n "formats": ${JSON.stringify(formats)},\n`;
  return `{\n${head} "paths": {\n${blocks.join(',\n')}\n }\n}\n`;
}

function main(check: boolean): number {
  if (!existsSync(published)) {
    const without = 'the published API descriptions (../shared/api) are not here';
    if (!check) console.error(`${without}: nothing to cut out of`);
    else console.log(`${without}: the check of the lab's contract was skipped`);
    return check ? 0 : 1;
  }
  const stale: string[] = [];
  for (const [product, served] of Object.entries(read<Served>(resolve(root, 'lab/contract/served.json')))) {
    const file = tableOf(product);
    const wanted = cutOut(product, served);
    if (existsSync(file) && readFileSync(file, 'utf8') === wanted) continue;
    if (check) stale.push(`lab/contract/${product}.json`);
    else writeFileSync(file, wanted);
  }
  for (const file of stale)
    console.error(`${file} differs from the published API: run scripts/contract.ts and look at what is different`);
  if (stale.length === 0)
    console.log(check ? "the lab's contract is the published one" : "the lab's contract is written");
  return stale.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.includes('--check'));

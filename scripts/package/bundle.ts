// One file from all that src/main.ts reaches: dynamic imports, JSON and libraries included, Node's own modules left out. One, because
// what runs must not look for its other half after an upgrade took that away; in sections, because a command should compile what it
// uses, and not the rest.
import { isBuiltin } from 'node:module';
import { basename } from 'node:path';
import { type BuildFailure, build, type Message, type Metafile } from 'esbuild';
import { Fault } from '../../src/fault.ts';
import { sectioned } from './sections.ts';

export type Bundle = Readonly<{
  code: Uint8Array;
  /** comments that must stay with the code they stand in, after the names of their files */
  legal: string;
  /** the folders of the libraries inside, as the lockfile names them; sorted */
  libraries: readonly string[];
}>;

const entry = 'holdfast';
const lineLimit = 160;

/** A Fault `bundle-incomplete` where something would have to be found beside the bundle when it runs. */
export async function bundle(root: string, version: string): Promise<Bundle> {
  const { outputFiles, metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outdir: 'dist',
    entryNames: entry,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    define: { HOLDFAST_VERSION: JSON.stringify(version) },
    // The names of functions stay, and lines stay short: a stack trace is to be read, and Node prints the whole line.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit,
    // A node_modules that is a link would otherwise bring its own path into the names of the modules.
    preserveSymlinks: true,
    legalComments: 'external',
    metafile: true,
    logLevel: 'silent',
  }).catch(refused);
  const found = [...warnings.map(told), ...leftOut(metafile)];
  if (found.length > 0) throw incomplete(found);
  const ending = (end: string) =>
    outputFiles.filter(({ path }) => path.endsWith(end)).map(({ path, text }) => ({ name: basename(path), text }));
  return {
    code: Buffer.from(await sectioned(ending('.js'), `${entry}.js`, lineLimit)),
    legal: [...new Set(ending('.LEGAL.txt').map(({ text }) => text))].sort().join('\n'),
    libraries: librariesIn(metafile),
  };
}

function refused(error: unknown): never {
  if (error instanceof Error && 'errors' in error) throw incomplete((error as BuildFailure).errors.map(told));
  throw error;
}

const told = ({ text, location }: Message): string =>
  location === null ? text : `${location.file}:${location.line}:${location.column + 1} ${text}`;

const leftOut = ({ outputs }: Metafile): readonly string[] =>
  Object.values(outputs)
    .flatMap(({ imports }) => imports)
    .filter(({ path, external }) => external === true && !isBuiltin(path))
    .map(({ path }) => `${path} stays outside`);

function librariesIn({ outputs }: Metafile): readonly string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const shipped = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const folders = shipped.map(([path]) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

const incomplete = (found: readonly string[]): Fault =>
  new Fault('bundle-incomplete', {
    where: 'src/main.ts',
    says: found.join('\n  '),
    remedy: 'run `npm ci` if a library is missing; import by a plain name, so that the bundler sees it',
  });

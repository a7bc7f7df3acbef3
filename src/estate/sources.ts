// The files an estate consists of: one file or the `*.yaml` of a folder, and what they include. Whoever may write one file
// must not thereby reach another: an include stays below its own folder and goes through no link.
import { basename, dirname, join } from 'node:path';
import { asFault } from '../fault.ts';
import { placeOf } from './places.ts';
import { type Problem, showPath } from './problem.ts';
import { realPath } from './real-path.ts';
import { type EstateFiles, type Opened, openSource, refused, type Source } from './source.ts';
import { limits } from './yaml-text.ts';

export type Sources = Readonly<{
  sources: readonly Source[];
  problems: readonly Problem[];
  /** false where a file could not be read: what it declares would then seem to be missing */
  complete: boolean;
  real: string;
}>;

type Gathering = {
  readonly files: EstateFiles;
  readonly sources: Source[];
  readonly problems: Problem[];
  readonly names: Map<string, string>;
  bytes: number;
  complete: boolean;
};

export async function gatherSources(path: string, files: EstateFiles): Promise<Sources> {
  const gathering: Gathering = { files, sources: [], problems: [], names: new Map(), bytes: 0, complete: true };
  const real = await realPath(path, files);
  if (real === undefined) {
    gathering.problems.push(...refused(path, 'is a link that leads in a circle').problems);
    return { ...gathering, complete: false, real: path };
  }
  const names = (await files.info(real))?.type === 'folder' ? await yamlOf(path, real, gathering) : [''];
  for (const name of names) await gather(join(path, name), join(real, name), [], gathering);
  const { sources, problems, complete } = gathering;
  return { sources, problems, complete: complete && sources.length > 0, real };
}

async function yamlOf(path: string, real: string, { files, problems }: Gathering): Promise<readonly string[]> {
  const names = ((await files.list(real)) ?? []).filter((name) => !name.startsWith('.'));
  const misnamed = names.filter((name) => name.endsWith('.yml'));
  for (const name of misnamed)
    problems.push(
      ...refused(join(path, name), 'would not be read; name it .yaml, or take it out of the folder').problems,
    );
  const found = names.filter((name) => name.endsWith('.yaml')).sort();
  if (found.length === 0 && misnamed.length === 0) problems.push(...refused(path, 'holds no .yaml file').problems);
  return found;
}

async function gather(file: string, real: string, chain: readonly string[], gathering: Gathering): Promise<void> {
  const opened = await open(file, real, gathering);
  gathering.problems.push(...opened.problems);
  gathering.bytes += opened.bytes;
  gathering.complete &&= opened.source !== undefined;
  if (opened.source === undefined) return;
  gathering.names.set(real, file);
  gathering.sources.push(opened.source);
  for (const include of includesOf(opened.source, gathering)) {
    const says = await includeProblem(include.text, real, [...chain, real], gathering);
    gathering.complete &&= says === undefined;
    if (says === undefined)
      await gather(join(dirname(file), include.text), join(dirname(real), include.text), [...chain, real], gathering);
    else gathering.problems.push({ ...include.place, path: include.path, says });
  }
}

async function open(file: string, real: string, { files, bytes, sources }: Gathering): Promise<Opened> {
  if (sources.length >= limits.filesInAll)
    return refused(file, `is one file more than the ${limits.filesInAll} an estate may have`);
  try {
    return await openSource(file, real, limits.bytesInAll - bytes, files);
  } catch (thrown) {
    return refused(file, `cannot be read: ${asFault(thrown, file).says}`);
  }
}

type Include = Readonly<{ text: string; path: string; place: Pick<Problem, 'file' | 'line' | 'column'> }>;

function includesOf(source: Source, { problems }: Gathering): readonly Include[] {
  const wanted = source.value['include'];
  if (wanted === undefined) return [];
  const items = Array.isArray(wanted) ? wanted : [wanted];
  return items.flatMap((text: unknown, index) => {
    const path = Array.isArray(wanted) ? ['include', index] : ['include'];
    const place = placeOf(source, path, 'value');
    if (Array.isArray(wanted) && typeof text === 'string') return [{ text, path: showPath(path), place }];
    problems.push({
      ...place,
      path: showPath(path),
      says: 'is a list of files: include: [workloads.yaml, hosts/ruapehu.yaml]',
    });
    return [];
  });
}

async function includeProblem(
  text: string,
  from: string,
  chain: readonly string[],
  gathering: Gathering,
): Promise<string | undefined> {
  if (text.startsWith('/'))
    return 'is an absolute path; an include lies below the folder of its file, and is named from there';
  const parts = text.split('/');
  if (parts.includes('..')) return 'leads out of its folder with ..; move the file below this one';
  if (!text.endsWith('.yaml') || parts.includes('') || parts.includes('.') || text.includes('\0'))
    return 'names no .yaml file below this folder; write it plainly, such as hosts/ruapehu.yaml';
  const real = join(dirname(from), text);
  if (chain.includes(real)) return `includes itself: ${[...chain, real].map((each) => basename(each)).join(' -> ')}`;
  const before = gathering.names.get(real);
  if (before !== undefined) return `is part of the estate already, as ${before}; name it once`;
  if (chain.length > limits.includesInARow)
    return `is the end of more than ${limits.includesInARow} includes in a row; name it further up`;
  return linkProblem(dirname(from), parts, gathering.files);
}

async function linkProblem(folder: string, parts: readonly string[], files: EstateFiles): Promise<string | undefined> {
  for (const [index, part] of parts.entries()) {
    const found = await files.info(join(folder, ...parts.slice(0, index + 1)));
    if (found === undefined) return 'does not exist';
    if (found.type === 'link') return `goes through the symbolic link ${part}; an include is a file of its own`;
  }
  return undefined;
}

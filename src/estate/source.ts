// One file of an estate: its text read within bounds, its tree of nodes, the value they mean, and the places of both.
import { dirname } from 'node:path';
import type { LineCounter, Node } from 'yaml';
import type { Files } from '../machines/machine.ts';
import { formatSize, type Size } from '../values/size.ts';
import type { Path, Problem } from './problem.ts';
import { showPath } from './problem.ts';
import { limits, readYaml } from './yaml-text.ts';
import { type Mapping, nodesToValue, type Targets } from './yaml-value.ts';

export type EstateFiles = Pick<Files, 'info' | 'read' | 'list'>;

export type Source = Readonly<{
  /** as the operator would name it */
  file: string;
  /** absolute, without links */
  real: string;
  value: Mapping;
  root: Node | null;
  lines: LineCounter;
  targets: Targets;
}>;

export type Opened = Readonly<{ source?: Source; problems: readonly Problem[]; bytes: number }>;

const wholeFile = (file: string, says: string): Problem => ({ file, line: 1, column: 1, path: '', says });
export const refused = (file: string, says: string): Opened => ({ problems: [wholeFile(file, says)], bytes: 0 });

const size = (bytes: number): string => formatSize(bytes as Size);

/** @param budget bytes that may still be read of this estate */
export async function openSource(file: string, real: string, budget: number, files: EstateFiles): Promise<Opened> {
  const found = await files.info(real);
  if (found === undefined) return refused(file, 'does not exist; name the estate with --estate FILE or DIR');
  if (found.type !== 'file') return refused(file, `is a ${found.type}, not a regular file`);
  if (found.size > limits.bytesInAFile)
    return refused(
      file,
      `has ${size(found.size)}, a file may have ${size(limits.bytesInAFile)}; was it mistaken for another?`,
    );
  if (found.size > budget)
    return refused(file, `brings the estate over ${size(limits.bytesInAll)}, which it may have in all`);
  const bytes = await files.read(real, limits.bytesInAFile);
  if (bytes === undefined) return refused(file, 'was there a moment ago and is gone');
  return { ...parseSource(file, real, bytes), bytes: bytes.length };
}

function parseSource(file: string, real: string, bytes: Uint8Array): Omit<Opened, 'bytes'> {
  const text = decode(bytes);
  if (text === undefined) return refused(file, 'is no UTF-8 text; save it as UTF-8');
  const { root, lines, flaws } = readYaml(text);
  const problemAt = (offset: number, path: Path, says: string): Problem => ({
    file,
    ...placeAt(lines, offset),
    path: showPath(path),
    says,
  });
  if (flaws.length > 0) return { problems: flaws.map(({ offset, says }) => problemAt(offset, [], says)) };
  const read = nodesToValue(root, dirname(real));
  const problems = read.flaws.map(({ offset, path, says }) => problemAt(offset, path, says));
  if (!read.whole) return { problems };
  const value = read.value ?? {};
  if (typeof value !== 'object' || Array.isArray(value))
    return {
      problems: [
        ...problems,
        wholeFile(file, 'is no mapping; an estate begins with names of sections, such as `pve:`'),
      ],
    };
  return { problems, source: { file, real, value: value as Mapping, root, lines, targets: read.targets } };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function placeAt(lines: LineCounter, offset: number): Readonly<{ line: number; column: number }> {
  const { line, col } = lines.linePos(offset);
  return { line, column: Math.max(col, 1) };
}

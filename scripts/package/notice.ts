// NOTICE: whose work is in the bundle, under which licence, in the authors' own words.
import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../../src/fault.ts';
import type { Bundle } from './bundle.ts';
import type { Locked, Lockfile } from './lockfile.ts';

/** A Fault `licence-missing` where a library ships no text of its licence. */
export async function noticeOf(root: string, { libraries, legal }: Bundle, lockfile: Lockfile): Promise<string> {
  const parts = await Promise.all(libraries.map((path) => partOf(root, lockfile.at(path))));
  const comments = legal === '' ? [] : [legal.trim()];
  return `Holdfast contains these works of others.\n\n${[...parts, ...comments].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

async function partOf(root: string, { path, name, version, license }: Locked): Promise<string> {
  const names = (await readdir(resolve(root, path))).filter((file) => /^licen[cs]e/i.test(file)).sort();
  if (names.length === 0) throw missing(path, license);
  const texts = await Promise.all(names.map((file) => readFile(resolve(root, path, file), 'utf8')));
  return [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n');
}

const missing = (path: string, license: string): Fault =>
  new Fault('licence-missing', {
    where: path,
    says: `it says ${license}, and has no file with the text of it`,
    remedy: 'take another library, or ask its authors for the text before it ships',
  });

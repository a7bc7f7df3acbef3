// Which release this is. Its date is the one of the changelog, not of the machine: the package carries no other time.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../../src/fault.ts';

export type Release = Readonly<{
  version: string;
  /** seconds since 1970: the time of every file in the package */
  epoch: number;
  /** the changelog as Debian reads it */
  changelog: string;
}>;

/** A Fault `release-undated` where packaging/debian/changelog does not begin with the version of package.json and its date. */
export async function readRelease(root: string): Promise<Release> {
  const { version } = JSON.parse(await readFile(resolve(root, 'package.json'), 'utf8')) as { version: string };
  const changelog = await readFile(resolve(root, 'packaging/debian/changelog'), 'utf8');
  const newest = /^holdfast \((?<version>[^)]+)\)/.exec(changelog)?.groups?.['version'];
  const date = /^ -- .+ <.+> {2}(?<date>.+)$/m.exec(changelog)?.groups?.['date'] ?? '';
  const epoch = Date.parse(date) / 1000;
  if (newest === version && Number.isInteger(epoch)) return { version, epoch, changelog };
  throw new Fault('release-undated', {
    where: 'packaging/debian/changelog',
    says: `package.json says ${version}; the changelog begins with ${newest ?? 'no version'}, dated ${date || 'never'}`,
    remedy: `begin it with an entry \`holdfast (${version}) ...\` that ends with \` -- NAME <MAIL>  DATE\`, the date in RFC 5322`,
  });
}

// Which groups of the other side a sync job takes, and which of their snapshots (facts: pbs-api section 5).
import { list } from './host.ts';
import type { Options, Snapshot } from './state.ts';

export type Copied = Pick<Snapshot, 'type' | 'id' | 'time' | 'size' | 'owner' | 'files' | 'finished'> &
  Partial<Pick<Snapshot, 'comment' | 'verification'>>;

function meets(filter: string, group: string): boolean {
  const [, kind, value = ''] = /^(type|group|regex):(.*)$/s.exec(filter) ?? [];
  if (kind === 'type') return group.startsWith(`${value}/`);
  return kind === 'group' ? group === value : new RegExp(value).test(group);
}

/** Without an `include` all are taken; an `exclude` always wins. */
export function takesGroup(options: Options, group: string): boolean {
  const filters = list(options, 'group-filter');
  const excluded = filters.filter((one) => one.startsWith('exclude:')).map((one) => one.slice('exclude:'.length));
  const included = filters.filter((one) => !one.startsWith('exclude:')).map((one) => one.replace(/^include:/, ''));
  if (excluded.some((one) => meets(one, group))) return false;
  return included.length === 0 || included.some((one) => meets(one, group));
}

export function takesSnapshot(options: Options, { finished, files, verification }: Copied): boolean {
  if (!finished) return false;
  if (options['verified-only'] === true && verification?.state !== 'ok') return false;
  const isEncrypted = files.some((file) => file['crypt-mode'] === 'encrypt');
  return options['encrypted-only'] !== true || isEncrypted;
}

// How the missing is made, in the words of the host's own tools, and how they say what is there.
import type { Argv } from '../machines/machine.ts';
import type { Missing, Product, Right } from './wanted.ts';
import { tokenName } from './wanted.ts';

export const programs = { pve: 'pveum', pbs: 'proxmox-backup-manager' } as const satisfies Record<Product, string>;

/** The command as it is shown, typed and run. */
export function commandFor(product: Product, missing: Missing): Argv {
  return product === 'pve' ? onPve(missing) : onPbs(missing);
}

/** A token whose secret nobody has is of no use: it is made anew, in its old place. */
export function commandsBefore(product: Product, missing: Missing): readonly Argv[] {
  if (missing.what !== 'token' || !missing.isThere) return [];
  const [user = ''] = missing.id.split('!');
  return product === 'pve'
    ? [['pveum', 'user', 'token', 'remove', user, tokenName]]
    : [['proxmox-backup-manager', 'user', 'delete-token', user, tokenName]];
}

function onPve(missing: Missing): Argv {
  switch (missing.what) {
    case 'role':
      return [
        'pveum',
        'role',
        missing.isThere ? 'modify' : 'add',
        missing.name,
        '--privs',
        missing.privileges.join(','),
      ];
    case 'user':
      return ['pveum', 'user', 'add', missing.id, '--comment', missing.purpose];
    case 'token': {
      const [user = ''] = missing.id.split('!');
      return ['pveum', 'user', 'token', 'add', user, tokenName, '--privsep', '1', '--output-format', 'json'];
    }
    case 'right': {
      const { path, role, authId, propagate } = missing.right;
      const whom = authId.includes('!') ? '--tokens' : '--users';
      return ['pveum', 'acl', 'modify', path, whom, authId, '--roles', role, '--propagate', propagate ? '1' : '0'];
    }
  }
}

function onPbs(missing: Missing): Argv {
  const manager = 'proxmox-backup-manager';
  switch (missing.what) {
    case 'role':
      throw new Error(`a PBS has no roles of its own: ${missing.name}`);
    case 'user':
      return [manager, 'user', 'create', missing.id, '--comment', missing.purpose];
    case 'token': {
      const [user = ''] = missing.id.split('!');
      return [manager, 'user', 'generate-token', user, tokenName];
    }
    case 'right': {
      const { path, role, authId, propagate } = missing.right;
      return [manager, 'acl', 'update', path, role, '--auth-id', authId, '--propagate', String(propagate)];
    }
  }
}

export const listing = (product: Product, ...words: readonly string[]): Argv => [
  programs[product],
  ...words,
  '--output-format',
  'json',
];

type Row = Readonly<Record<string, unknown>>;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const isOn = (value: unknown): boolean => value === 1 || value === true || value === '1';

export const roleIn = (row: Row): readonly [string, readonly string[]] => [
  text(row['roleid']),
  text(row['privs'])
    .split(',')
    .filter((one) => one !== ''),
];
export const userIn = (row: Row): string => text(row['userid']);
/** PVE lists the token's name alone, PBS the whole id. */
export const tokenIn = (user: string, row: Row): string => {
  const id = text(row['tokenid']);
  return id.includes('!') ? id : `${user}!${id}`;
};
export const rightIn = (row: Row): Right => ({
  path: text(row['path']),
  role: text(row['roleid']),
  authId: text(row['ugid']),
  propagate: isOn(row['propagate']),
});

/** The secret is shown this once; PBS puts a word before its JSON. */
export function secretIn(output: string): string | undefined {
  try {
    const made: unknown = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1));
    const { value } = made as { value?: unknown };
    return typeof value === 'string' && value !== '' ? value : undefined;
  } catch {
    return undefined;
  }
}

// A Vaultwarden for proofs: a data folder as it leaves one, with names that nobody should have chosen, and what sqlite3, diff and find
// say of it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beside, type Vault, vaultWith } from '../../src/layers/vaultwarden/vault.test-support.ts';
import { sh, tried } from '../layers/place.ts';
import { type AppPlace, backWith, placeFor } from './apps.ts';

export type VaultwardenPlace = AppPlace &
  Readonly<{
    vault: Vault;
    data: string;
    back: ReturnType<typeof backWith>;
    /** the layer is declared otherwise from now on */
    declare(more: Readonly<Record<string, unknown>>): void;
    close(): void;
  }>;

export function vaultwardenPlace(more: Readonly<Record<string, unknown>> = {}): VaultwardenPlace {
  const vault = vaultWith();
  const declared = (others: Readonly<Record<string, unknown>>) =>
    placeFor(
      { ...{ kind: 'vaultwarden', data: 'FOLDER/data', service: vault.service }, ...more, ...others },
      vault.folder,
    );
  return {
    ...declared({}),
    ...{ vault, data: vault.data, back: backWith(vault.data), close: vault.close },
    declare: (others) => void declared(others),
  };
}

/** Attachments of any name, with an ACL, attributes, an old time, and links that lead out. */
export function addOddNames(data: string): void {
  const folder = join(data, 'attachments', 'cipher-1');
  for (const name of ['new\nline', `it's "quoted"`, '-rf', '$(touch x)', ' blank ', 'ünï'])
    writeFileSync(join(folder, name), name);
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0xfe)]), 'no UTF-8');
  symlinkSync('/etc', join(folder, 'out'));
  sh(
    `setfattr -n user.note -v kept att-1; setfacl -m u:4713:r att-1; chown -h 4711:4712 -- *; chmod 0640 ./-rf; touch -d 2001-02-03T04:05:06.789Z att-1 ../../rsa_key.pem`,
    folder,
  );
}

/** As many more ciphers and attachments: a copy of it takes some time. */
export function enlarge({ vault }: VaultwardenPlace, ciphers: number, attachments: number): void {
  const open = vault.open();
  open.exec('BEGIN');
  const insert = open.prepare("INSERT INTO ciphers VALUES (?, 'then', 'then', 'user-0', NULL, 1, 'n', ?)");
  for (let at = 0; at < ciphers; at += 1) insert.run(`more-${at}`, `secret ${at} `.repeat(40));
  open.exec('COMMIT');
  open.close();
  sh(
    `mkdir cipher-many; cd cipher-many; seq ${attachments} | xargs -I{} sh -c 'head -c 3000 /dev/urandom >{}'; chown -R 4711:4712 .; chown 4711:4712 ../../db.sqlite3*`,
    join(vault.data, 'attachments'),
  );
}

/** Every row of every table as sqlite3 writes it out, of a copy with the log that lies beside it: it is only looked at. */
export function rowsOf(data: string): string {
  const look = `${data}.look`;
  rmSync(look, { recursive: true, force: true });
  mkdirSync(look, { mode: 0o700 });
  sh(`cp '${data}/db.sqlite3' .; [ ! -e '${data}/db.sqlite3-wal' ] || cp '${data}/db.sqlite3-wal' .`, look);
  const file = join(look, 'db.sqlite3');
  const told = (sql: string) =>
    execFileSync('sqlite3', ['-batch', '-init', '/dev/null', file, sql], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    }).trim();
  const said = `${told('PRAGMA integrity_check')}\n${told('.dump')}`;
  rmSync(look, { recursive: true });
  return said;
}

/** The log of a database is not what it holds. */
const notCompared = [...beside, 'db.sqlite3-journal'];

export const linesOf = (rows: string): ReadonlySet<string> =>
  new Set(rows.split('\n').filter((line) => line.startsWith('INSERT')));

/** What diff says of everything but the database and what is made anew; nothing where all is the same. */
export const restOf = (one: string, other: string): string =>
  tried('diff', ['-r', '--no-dereference', ...notCompared.map((name) => `--exclude=${name}`), one, other]).says;

/** Type, owner, mode, time to the nanosecond, link, ACL and attributes of all of that, and owner and mode of the database. */
export function metadataOf(folder: string): string {
  const not = notCompared.map((name) => `-path ./${name}`).join(' -o ');
  return sh(
    `find . -mindepth 1 \\( ${not} \\) -prune -o -printf '%p %y %U:%G %m %T@ %l\\n' | LC_ALL=C sort
     find . -mindepth 1 \\( ${not} \\) -prune -o ! -type l -print0 | LC_ALL=C sort -z | xargs -0 getfacl -n
     find . -mindepth 1 \\( ${not} \\) -prune -o -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d -m -
     stat -c '%u:%g %a' db.sqlite3`,
    folder,
  );
}

export const asked = 'sqlite3: .dump, PRAGMA integrity_check; diff -r, find, getfacl, getfattr of the rest';

/** All of it, in one text. */
export const pictureOf = (data: string): string =>
  `${rowsOf(data)}\n${metadataOf(data)}\n${sh(`find . -type f ! -name 'db.sqlite3*' -exec sha256sum {} + | LC_ALL=C sort`, data)}`;

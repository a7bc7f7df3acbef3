// A NAS that serves a folder by rrsync to two keys, as an ordinary user: one adds files, the other one reads.
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../values/instant.ts';
import { localMachine } from './local.ts';
import type { Machine, RsyncOnly } from './machine.ts';
import { rsyncOnlyMachine } from './rsync-only.ts';
import { type Sshd, startSshd } from './sshd.test-support.ts';

export type Nas = Readonly<{
  sshd: Sshd;
  /** what is served */
  root: string;
  /** a file with the private key */
  keyFile(which: 'read' | 'append'): string;
  /** @param with the keys that the estate gives */
  machine(name: string, given?: Partial<Omit<RsyncOnly, 'root'>>): Machine;
  stop(): Promise<void>;
}>;

const uid = 4711;

export async function startNas(): Promise<Nas> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-nas-'));
  execFileSync('chmod', ['755', folder]);
  const root = join(folder, 'served');
  mkdirSync(root, { mode: 0o700 });
  chownSync(root, uid, uid);
  const keyFile = (which: string) => join(folder, which);
  const flags = { read: '-ro', append: '-wo -no-del -no-overwrite' };
  const lines = Object.entries(flags).map(([which, given]) => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', keyFile(which)]);
    return `restrict,command="/usr/bin/rrsync ${given} ${root}" ${readFileSync(`${keyFile(which)}.pub`, 'utf8')}`;
  });
  writeFileSync(join(folder, 'authorized_keys'), lines.join(''));
  const sshd = await startSshd({
    config: [`AuthorizedKeysFile ${join(folder, 'authorized_keys')}`],
    accounts: [`holdfast:*:${uid}:${uid}::/tmp:/bin/dash`],
  });
  const address = { host: '127.0.0.1', port: sshd.port, user: 'holdfast', hostKey: sshd.hostKey };
  return {
    ...{ sshd, root, keyFile },
    machine: (name, given = {}) =>
      rsyncOnlyMachine({
        ...{ name, address, local: localMachine({ name: 'local', clock: systemClock }) },
        serves: { root, reads: true, appends: true, ...given },
        key: async (which) => readFileSync(keyFile(which), 'utf8'),
      }),
    stop: async () => {
      await sshd.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

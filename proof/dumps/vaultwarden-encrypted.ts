// 3.7 Points of a Vaultwarden that are encrypted to a key of age: nobody reads them without it. grep, sqlite3 and diff are asked.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beside } from '../../src/layers/vaultwarden/vault.test-support.ts';
import { seen } from '../declare/world.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { newestOf, run, words } from './apps.ts';
import { asked, restOf, rowsOf, vaultwardenPlace } from './vaultwarden-place.ts';

export async function proveVaultwardenEncrypted(report: Report): Promise<void> {
  report.section('3.7 Vaultwarden, encrypted');
  const key = (at: string) => {
    execFileSync('age-keygen', ['-o', at], { stdio: 'ignore' });
    return execFileSync('age-keygen', ['-y', at], { encoding: 'utf8' }).trim();
  };
  const keys = sh('mktemp -d /tmp/holdfast-proof-keys-XXXXXX');
  const recipient = key(join(keys, 'right'));
  key(join(keys, 'wrong'));
  const place = vaultwardenPlace({ encrypt_to: [recipient], identity: { file: join(keys, 'right') } });
  const { estate, copies, data } = place;
  try {
    const taken = await estate.type(...run);
    const target = join(estate.folder, 'back');
    const restore = () => estate.type('restore', 'app', '--point', newestOf(copies), '--to', target, '--yes');
    const restored = await restore();
    const clear = sh(`grep -rlF -e 'PRIVATE KEY' -e 'u1@home' . || true`, copies);
    report.row(
      '3.7 encrypted to a key of age: nothing of it lies in the clear, and that key opens it',
      taken.command,
      `grep; ${asked}`,
      (taken.status === 0 &&
        restored.status === 0 &&
        clear === '' &&
        restOf(data, target) === '' &&
        rowsOf(target) === rowsOf(data)) ||
        seen(taken, restored, clear),
    );
    rmSync(target, { recursive: true });
    copyFileSync(join(keys, 'wrong'), join(keys, 'right'));
    const wrong = await restore();
    report.control('another key', wrong.status === 1 && /identity-wrong/.test(words(wrong)) && !existsSync(target));
    report.control(
      'a grep that finds nothing anywhere',
      sh(`grep -rlF 'PRIVATE KEY' . | wc -l`, data) !== '0' && beside.length > 0,
    );
  } finally {
    place.close();
    rmSync(keys, { recursive: true });
  }
}

// `trust` for a host key as an operator types it, against a real sshd: what is believed is the bytes of the file and the log.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cannotServe, type Sshd, startSshd } from '../../src/machines/sshd.test-support.ts';
import { type Estate, estateAt } from './estate.test-support.ts';

const estateFor = ({ port }: Sshd): string => `estate: home
machines:
  - name: pve1 # kept
    ssh: { host: 127.0.0.1, port: ${port}, key: { env: KEY } } # kept too
`;

async function withEstate(work: (on: { estate: Estate; sshd: Sshd; file: string }) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-trust-ssh-'));
  const sshd = await startSshd();
  const file = join(folder, 'estate.yaml');
  writeFileSync(file, estateFor(sshd));
  try {
    await work({ estate: estateAt(file, 'home', join(folder, 'state'), folder), sshd, file });
  } finally {
    await sshd.stop();
    rmSync(folder, { recursive: true });
  }
}

describe('trust for a machine over ssh', { skip: cannotServe() }, () => {
  it('pins the host key that its sshd really shows, by the name of the machine or by its address', () =>
    withEstate(async ({ estate, sshd, file }) => {
      const shown = await estate.type('trust', `ssh://127.0.0.1:${sshd.port}`, '--dry-run');
      assert.match(shown.stdout, /shows the host keys\n {2}ssh-ed25519 SHA256:[\s\S]*Dry run: nothing was written/);
      assert.equal(readFileSync(file, 'utf8'), estateFor(sshd));
      const pinned = await estate.type('trust', 'pve1', '--yes');
      assert.equal(pinned.status, 0, pinned.stderr);
      const wanted = estateFor(sshd).replace('127.0.0.1,', `127.0.0.1, host_key: "${sshd.hostKey}",`);
      assert.equal(readFileSync(file, 'utf8'), wanted);
      assert.match((await estate.type('trust', 'pve1')).stdout, /pins it already[\s\S]*nothing was written/);
      assert.doesNotMatch(sshd.log(), /Accepted|Failed|userauth/);
    }));

  it('says so where no sshd answers, and writes nothing', () =>
    withEstate(async ({ estate, sshd, file }) => {
      await sshd.stop();
      const refused = await estate.type('trust', 'pve1', '--yes');
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /host-key-not-seen/);
      assert.equal(readFileSync(file, 'utf8'), estateFor(sshd));
    }));
});

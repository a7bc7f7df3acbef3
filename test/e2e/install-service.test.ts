// The service of a host, written where no systemd is looking.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { estateIn, photosEstate } from './estate.test-support.ts';

const schedules = 'schedules: [{ job: photos-image, schedule: "02:00" }]\n';

async function host(
  work: (given: {
    one: ReturnType<typeof estateIn>;
    unit: string;
    type(...args: string[]): ReturnType<ReturnType<typeof estateIn>['type']>;
  }) => Promise<void>,
) {
  const one = estateIn(`${photosEstate('host')}${schedules}`, 'host');
  const units = join(one.folder, 'units');
  mkdirSync(units);
  try {
    await work({
      one,
      unit: join(units, 'holdfast.service'),
      type: (...args) => one.type('install-service', '--into', units, ...args),
    });
  } finally {
    one.close();
  }
}

describe('install-service', { timeout: 240_000 }, () => {
  it('shows the unit first; writes it on a yes; a second time there is nothing to do; and takes it away again', () =>
    host(async ({ unit, type }) => {
      const shown = await type('--dry-run');
      assert.equal(shown.status, 0, shown.stderr);
      assert.match(shown.stdout, /ProtectSystem=strict/);
      assert.ok(!existsSync(unit));
      assert.equal((await type()).status, 64, 'nobody agreed');
      assert.ok(!existsSync(unit));
      assert.equal((await type('--yes')).status, 0);
      const text = readFileSync(unit, 'utf8');
      assert.match(text, /^ExecStart=\S+ .*--estate \S+estate\.yaml --state \S+state serve$/m);
      if (spawnSync('systemd-analyze', ['--version']).status === 0) {
        assert.equal(spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' }).stderr, '');
        assert.equal(spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=30', unit]).status, 0);
      }
      assert.match((await type('--yes')).stdout, /Nothing was done/);
      assert.equal((await type('--remove', '--yes')).status, 0);
      assert.ok(!existsSync(unit));
    }));

  it('leaves a unit of that name that is somebody else’s as it is', () =>
    host(async ({ unit, type }) => {
      writeFileSync(unit, '[Unit]\nDescription=mine\n');
      for (const args of [['--yes'], ['--remove', '--yes']]) {
        const { status, stderr } = await type(...args);
        assert.equal(status, 64);
        assert.match(stderr, /service-is-anothers/);
      }
      assert.equal(readFileSync(unit, 'utf8'), '[Unit]\nDescription=mine\n');
    }));

  it('says which folder is not there yet', () =>
    host(async ({ one, type }) => {
      const { stdout } = await type('--dry-run');
      assert.match(stdout, new RegExp(`${join(one.folder, 'copies')} is not there`));
    }));
});

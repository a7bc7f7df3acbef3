// The declared bandwidth, as the program is told that keeps it. What it is told is written down by one that stands before it in the search path.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { localMachine } from '../../machines/local.ts';
import { searchFolders } from '../../machines/search-path.ts';
import { systemClock } from '../../values/instant.ts';
import { codesOf } from '../common/driver.test-support.ts';
import { plain } from '../common/trees.test-support.ts';
import { placeWith } from './place.test-support.ts';

const rootless = process.getuid?.() !== 0 && 'it needs root: owners are kept';

/** @returns what each call of the program that carried the point was told of its rate, in both directions */
async function ratesOf(program: 'rsync' | 'rclone', declared: string | undefined): Promise<readonly string[]> {
  const outer = mkdtempSync(join(tmpdir(), 'holdfast-rate-'));
  const [bin, told] = [join(outer, 'bin'), join(outer, 'told')];
  mkdirSync(bin);
  writeFileSync(
    join(bin, program),
    `#!/bin/sh\necho "$*" | tr '\\n' ' ' >>${told}; echo >>${told}\nexec /usr/bin/${program} "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const config = join(outer, 'rclone.conf');
  writeFileSync(config, '[far]\ntype = local\n');
  const remote = { to: undefined, to_machine: undefined, remote: `far:${outer}/in`, rclone_config: config };
  const here = localMachine({ name: 'here', clock: systemClock, commandsIn: [bin, ...searchFolders] });
  const place = placeWith({ bandwidth: declared, ...(program === 'rclone' ? remote : {}) }, { here });
  try {
    plain(place.tree);
    await place.take(1);
    assert.deepEqual(codesOf(await place.run('run1')), []);
    const [copy] = await place.copies();
    assert.ok(copy !== undefined);
    await place.restore('run2', copy);
    const calls = readFileSync(told, 'utf8')
      .split('\n')
      .filter((line) => /-taken1/.test(line) || /holdfast-folder/.test(line));
    return calls
      .filter((line) => !/--dry-run|^(check|cat|size|copyto|lsf) /.test(line))
      .map((line) => /--bwlimit[= ](\S+)/.exec(line)?.[1] ?? 'none');
  } finally {
    place.close();
    rmSync(outer, { recursive: true });
  }
}

describe('the bandwidth of a transfer', { skip: rootless }, () => {
  for (const [program, rate] of [
    ['rsync', '5120'],
    ['rclone', '5242880B'],
  ] as const)
    it(`is kept by ${program} on the way there and back, and there is no limit that nobody declared`, {
      skip: !existsSync(`/usr/bin/${program}`) && `${program} is not installed`,
    }, async () => {
      const told = await ratesOf(program, '5 MiB');
      assert.ok(told.length >= 2, told.join());
      assert.deepEqual([...new Set(told)], [rate]);
      assert.deepEqual([...new Set(await ratesOf(program, undefined))], ['none'], 'control');
    });

  it('is never taken for no limit, which is what 0 means to rsync', async () => {
    assert.deepEqual([...new Set(await ratesOf('rsync', '500'))], ['1']);
  });
});

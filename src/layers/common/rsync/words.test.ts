// A machine that somebody else has taken asks for more at the other end than it was told to.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fault } from '../trees.test-support.ts';
import { placeholder, serverWords } from './words.ts';

const options = ['-aHAXS', '--numeric-ids', '-M--fake-super', '--bwlimit=100', '--link-dest'];
const folders = ['/backup/in/new point', '/backup/in/old'];
const said = ['rsync', '--server', '-logDtprHAXSe.LsfxCIvu', '--fake-super', '--bwlimit=100', '--link-dest'];
const asked = (...more: readonly string[]) => serverWords([...said, ...more], options, folders, 'here');

describe('what rsync may have started at its other end', () => {
  it('is its server with the options that were given, in the folders that were chosen here', () => {
    assert.deepEqual(asked(placeholder(1), '.', `${placeholder(0)}/`), [
      ...said,
      '/backup/in/old',
      '.',
      '/backup/in/new point/',
    ]);
  });

  for (const more of [
    ['.', '/etc/'],
    [`${placeholder(0)}/../../etc`],
    [`${placeholder(2)}/`],
    ['--remove-source-files'],
    ['--log-file=x'],
    ['--log-file=/etc/cron.d/x'],
    ['--daemon'],
    [`--backup-dir=${placeholder(1)}`],
    ['-K'],
    ['--rsync-path=sh'],
    ['$(reboot)'],
    ['; reboot'],
  ])
    it(`is nothing else: ${more.join(' ')}`, () => {
      assert.throws(() => asked(...more), fault('rsync-talks-strangely'));
    });

  it('is no other command', () => {
    for (const other of [['sh', '-c', 'reboot'], ['rsync', '--daemon'], ['rsync']])
      assert.throws(() => serverWords(other, options, folders, 'here'), fault('rsync-talks-strangely'));
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { commandScript, marksOf, throughLoginShell } from './wrapper.ts';

const marks = marksOf('0123');
const every = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).join('');
const hostile = [
  every,
  'a\n',
  '\n',
  '',
  '\\',
  "'",
  '"',
  '$HOME',
  '`id`',
  '!!',
  '%s',
  '\\012',
  '-n',
  'ü名前',
  '~',
  '{a,b}',
  '^x^y',
];

/** Shells that accounts have; what is not installed is left out, and said. */
const loginShells = [
  '/bin/dash',
  '/bin/bash',
  '/bin/zsh',
  '/bin/tcsh',
  '/usr/bin/fish',
  '/bin/ksh93',
  '/bin/busybox sh',
];
const scriptShells = ['/bin/dash', '/bin/bash', '/bin/busybox sh'];

const started = (shell: string, line: string, input = '') => {
  const [program = '', ...words] = shell.split(' ');
  return spawnSync(program, [...words, '-c', line], { input, encoding: 'utf8' });
};
const skipping = (shell: string) => ({ skip: existsSync(shell.split(' ')[0] ?? '') ? false : 'is not installed' });

describe('a command as a script', () => {
  const script = (...argv: readonly [string, ...string[]]) => commandScript(argv, { GIVEN: "it's\n=" }, marks);

  for (const shell of scriptShells)
    it(`hands over arguments of any characters, run by ${shell}`, skipping(shell), () => {
      const { stdout, stderr } = started(shell, script('printf', '%s\\0', ...hostile));
      assert.deepEqual(stdout.slice(marks.begins.length).split('\0').slice(0, -1), hostile);
      assert.equal(stderr, `${marks.begins}${marks.ends}0\n`);
    });

  for (const shell of loginShells)
    it(`survives ${shell} as the shell of the account`, skipping(shell), () => {
      const { stdout, stderr } = started(shell, throughLoginShell(script('printf', '%s\\0', ...hostile)));
      assert.deepEqual(stdout.slice(marks.begins.length).split('\0').slice(0, -1), hostile);
      assert.equal(stderr, `${marks.begins}${marks.ends}0\n`);
    });

  it('is one line of printable characters on its way through a login shell', () => {
    assert.match(throughLoginShell(script('printf', ...hostile)), /^[\x20-\x7e]+$/);
  });

  it('starts programs, not what the shell has by the same name', () => {
    assert.match(started('/bin/sh', script('printf', '--version')).stdout, /coreutils|busybox/i);
    assert.equal(started('/bin/sh', script('exit', '7')).stderr, `${marks.begins}${marks.ends}missing\n`);
  });

  it('finds no command by a relative path, and takes none for a variable', () => {
    assert.match(started('/bin/sh', script('bin/true')).stderr, /missing/);
    assert.match(started('/bin/sh', script('/bin/a=b')).stderr, /missing/);
  });

  it('says nothing of its own about how a command ended, and gives its input on', () => {
    const killed = started('/bin/sh', script('sh', '-c', 'cat >&2; kill -KILL $$'), 'input');
    assert.equal(killed.stderr, `${marks.begins}input${marks.ends}137\n`);
  });

  it('gives the environment that was asked for, and nothing of where it was started', () => {
    const { stdout } = started('/bin/sh', script('env', '-0'));
    const names = stdout
      .slice(marks.begins.length)
      .split('\0')
      .map((entry) => entry.replace(/=.*/s, ''));
    assert.deepEqual(names.filter((name) => name !== '' && name !== 'PWD' && name !== '_').sort(), [
      'GIVEN',
      'HOME',
      'LANG',
      'PATH',
    ]);
    assert.match(stdout, /GIVEN=it's\n=\0/);
  });
});

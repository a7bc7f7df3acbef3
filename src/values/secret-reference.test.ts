import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nameOfReference, referencesIn, secretFileProblem, secretReference } from './secret-reference.ts';

const problemOf = (written: unknown): string => secretReference.safeParse(written).error?.issues[0]?.message ?? 'none';

describe("a secret's reference", () => {
  it('is one of five kinds, told apart by its key, and named without what it leads to', () => {
    const names = [
      { env: 'PBS_TOKEN' },
      { file: '/etc/holdfast/ruapehu.token' },
      { command: ['/usr/bin/pass', 'show', 'ruapehu'] },
      { vault: 'secret/holdfast#ruapehu' },
      { systemd: 'ruapehu.token' },
    ].map((written) => nameOfReference(secretReference.parse(written)));
    assert.deepEqual(names, [
      'env PBS_TOKEN',
      'file /etc/holdfast/ruapehu.token',
      'command /usr/bin/pass',
      'vault secret/holdfast#ruapehu',
      'systemd ruapehu.token',
    ]);
  });

  it('says how to move a secret that is written out, and never repeats it', () => {
    for (const written of ['hunter2-canary', 31337, true]) {
      assert.match(problemOf(written), /0600 file and write \{ file: NAME \}/);
      assert.doesNotMatch(problemOf(written), /canary|31337/);
    }
  });

  it('says what is wrong with one that is not written well', () => {
    assert.match(problemOf({ env: 'PBS-TOKEN' }), /name of an environment variable/);
    assert.match(problemOf({ command: ['pass', 'show'] }), /begins with an absolute path/);
    assert.match(problemOf({ command: 'pass show canary' }), /is a list/);
    assert.match(problemOf({ vault: 'secret/holdfast' }), /path and a key with #/);
    assert.match(problemOf({ systemd: '../x' }), /name of a credential/);
    assert.match(problemOf({ systemd: '..' }), /name of a credential/);
    assert.match(problemOf({ file: '' }), /path of a file/);
    assert.match(problemOf({ file: 'a', env: 'B' }), /one of/);
    assert.match(problemOf({ literal: 'canary' }), /one of/);
    assert.match(problemOf(undefined), /is missing/);
    assert.doesNotMatch(problemOf({ literal: 'canary' }), /canary/);
  });

  it('is found wherever it stands, with its path', () => {
    const found = referencesIn({
      pve: [{ token: { secret: { file: '/a' } } }, { name: 'no secret' }],
      channels: { hook: { env: 'HOOK' } },
      image: { file: '/b', machine: 'here' },
    });
    assert.deepEqual(found, [
      { path: ['pve', 0, 'token', 'secret'], reference: { file: '/a' } },
      { path: ['channels', 'hook'], reference: { env: 'HOOK' } },
    ]);
  });
});

describe('the file of a secret', () => {
  it('may be readable and writable by its owner only', () => {
    for (const mode of [0o600, 0o400]) assert.equal(secretFileProblem({ type: 'file', mode }, 'owner'), undefined);
    for (const mode of [0o640, 0o604, 0o602, 0o611])
      assert.match(secretFileProblem({ type: 'file', mode }, 'owner') ?? '', /by others/);
    assert.match(secretFileProblem({ type: 'file', mode: 0o700 }, 'owner') ?? '', /has mode 0700/);
  });

  it('may be readable by a group where it is a credential of a unit', () => {
    assert.equal(secretFileProblem({ type: 'file', mode: 0o440 }, 'owner and group'), undefined);
    assert.match(secretFileProblem({ type: 'file', mode: 0o444 }, 'owner and group') ?? '', /by others/);
  });

  it('is no link and no folder', () => {
    assert.match(secretFileProblem({ type: 'link', mode: 0o777 }, 'owner') ?? '', /symbolic link/);
    assert.match(secretFileProblem({ type: 'folder', mode: 0o700 }, 'owner') ?? '', /no regular file/);
  });
});

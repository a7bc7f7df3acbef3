import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'holdfast launcher '));
after(() => rmSync(folder, { recursive: true, force: true }));

const tree = join(folder, 'any root');
const launcher = join(tree, 'usr/bin/holdfast');
mkdirSync(join(tree, 'usr/bin'), { recursive: true });
mkdirSync(join(tree, 'usr/lib/holdfast'), { recursive: true });
copyFileSync(resolve(import.meta.dirname, '../../packaging/holdfast'), launcher);
// Stands where Node stands, and says how it was started.
writeFileSync(
  join(tree, 'usr/lib/holdfast/node'),
  '#!/bin/sh\nfor word in "$0" "$@"; do echo "$word"; done\nenv | grep -E "^(NODE_|OPENSSL_)" | sort\n',
  { mode: 0o755 },
);

const said = (program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string[] =>
  execFileSync(program, args, { encoding: 'utf8', cwd: folder, env: { PATH: process.env['PATH'], ...env } })
    .trimEnd()
    .split('\n');

const expected = [
  join(tree, 'usr/lib/holdfast/node'),
  '--max-semi-space-size=4',
  '--disable-sigusr1',
  '--disable-warning=ExperimentalWarning',
  join(tree, 'usr/lib/holdfast/holdfast.cjs'),
];

describe('the launcher', () => {
  it('finds its own Node and bundle from a folder with spaces, and hands on every word as it is', () => {
    assert.deepEqual(said(launcher, ['plan', 'a  b', '', '*']), [...expected, 'plan', 'a  b', '', '*']);
  });

  it('finds them through links, relative ones too, and when it is found on the search path', () => {
    mkdirSync(join(folder, 'bin'));
    symlinkSync(launcher, join(folder, 'bin/first'));
    symlinkSync('bin/first', join(folder, 'hf'));
    assert.deepEqual(said('./hf', []), expected);
    const path = [join(folder, 'bin'), process.env['PATH']].join(delimiter);
    assert.deepEqual(said('sh', ['-c', 'cd /; first'], { PATH: path }), expected);
  });

  it('keeps out of the environment what loads code, and leaves in what only adds an authority', () => {
    const out = { NODE_OPTIONS: '--require=x', NODE_PATH: '/x', NODE_COMPILE_CACHE: '/x', OPENSSL_CONF: '/x' };
    const loose = { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_DEBUG: 'http', NODE_V8_COVERAGE: '/x' };
    const kept = { NODE_EXTRA_CA_CERTS: '/etc/ssl/own.pem' };
    const env = { ...out, ...loose, ...kept };
    assert.deepEqual(said(launcher, [], env), [...expected, 'NODE_EXTRA_CA_CERTS=/etc/ssl/own.pem']);
  });
});

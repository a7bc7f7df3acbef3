import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandAllowed, inFolders, lineToAllow, mayGoTo, type SecretRules } from './secret-rules.ts';

const rules = (parts: Partial<SecretRules> = {}): SecretRules => ({ commands: [], bindings: [], ...parts });

describe('the rules about secrets', () => {
  it('let a program run only where it is named, with fixed arguments only with these', () => {
    const some = rules({ commands: [{ path: '/usr/bin/pass' }, { path: '/usr/bin/op', args: ['read', 'x'] }] });
    assert.ok(commandAllowed(['/usr/bin/pass', 'show', 'anything'], some));
    assert.ok(commandAllowed(['/usr/bin/op', 'read', 'x'], some));
    for (const refused of [
      ['/usr/bin/op', 'read', 'y'],
      ['/usr/bin/op'],
      ['/bin/sh', '-c', 'x'],
      ['/usr/bin/../bin/pass'],
      ['pass'],
      [],
    ])
      assert.ok(!commandAllowed(refused, some), refused.join(' '));
    assert.ok(!commandAllowed(['/usr/bin/pass'], rules()));
  });

  it('spell out the line that would allow a program', () =>
    assert.equal(
      lineToAllow(['/usr/bin/pass', 'show', 'a b']),
      'to allow it, add to the guard file: commands: [{ path: /usr/bin/pass, args: ["show","a b"] }]',
    ));

  it('keep files of secrets within their folders', () => {
    assert.ok(inFolders('/anywhere', undefined));
    assert.ok(inFolders('/etc/holdfast/a/b', ['/etc/holdfast']));
    for (const file of ['/etc/holdfast', '/etc/holdfast-other/a', '/etc/holdfast/../shadow', '/a'])
      assert.ok(!inFolders(file, ['/etc/holdfast']), file);
    assert.ok(!inFolders('/a', []), 'no folder at all is no folder');
  });

  it('let a bound secret go to its hosts only, and any other secret anywhere', () => {
    const bound = rules({
      bindings: [{ secret: { file: '/a' }, hosts: ['ruapehu', 'pihanga:8007', '[fd00::1]', 'hook.example:443'] }],
    });
    for (const host of [
      'ruapehu:8006',
      'ruapehu:1',
      'pihanga:8007',
      '[fd00::1]:8006',
      'hook.example',
      'hook.example:443',
    ])
      assert.ok(mayGoTo({ file: '/a' }, host, bound), host);
    for (const host of ['pihanga:8006', 'pihanga', 'hook.example:80', 'evil.example:8006', 'ruapehu.evil.example:8006'])
      assert.ok(!mayGoTo({ file: '/a' }, host, bound), host);
    const vault = rules({ bindings: [{ secret: { vault: 'secret/pbs#token' }, hosts: ['pihanga'] }] });
    for (const other of ['secret/data/pbs#token', 'secret//pbs#token', '/secret/pbs/#token'])
      assert.ok(!mayGoTo({ vault: other }, 'evil.example:8006', vault), other);
    assert.ok(mayGoTo({ vault: 'secret/pbs#other' }, 'evil.example:8006', vault));
    assert.ok(mayGoTo({ file: '/b' }, 'evil.example:8006', bound));
  });
});

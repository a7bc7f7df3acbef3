import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostKeyPinnedIn, sshHostsIn } from './pin-host-key.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEm0aEkCkm1YMXeUgd8ufESjfzTWbPTPDHjPoPTP0Vx9';
const estate = `estate: home # ours
machines:
  - name: pve1 # in the cellar
    ssh:
      host: pve1.example # by name
      key: { env: KEY }
  - { name: pve2, ssh: { host: pve2.example, port: 2222, key: { env: KEY }, host_key: 'ssh-rsa AAAA' } } # upstairs
  - { name: here, local: true }
`;

describe('a host key', () => {
  it('is put at the machine that has none yet, on a line of its own, and nothing else changes', () => {
    const { text, pins } = hostKeyPinnedIn(estate, ({ name }) => name === 'pve1', key);
    assert.equal(text, estate.replace('# by name\n', `# by name\n      host_key: "${key}"\n`));
    assert.deepEqual(
      pins.map(({ from, line }) => [from, line]),
      [[undefined, 5]],
    );
  });

  it('takes the place of another one, with its quotes', () => {
    const { text } = hostKeyPinnedIn(estate, ({ listener }) => listener.port === 2222, key);
    assert.equal(text, estate.replace('ssh-rsa AAAA', key));
    assert.equal(hostKeyPinnedIn(text, ({ listener }) => listener.port === 2222, key).text, text);
  });

  it('is of machines that ssh leads to only', () => {
    assert.deepEqual(
      sshHostsIn(estate).map(({ name, listener: { host, port } }) => `${name} ${host}:${port}`),
      ['pve1 pve1.example:22', 'pve2 pve2.example:2222'],
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Fingerprint, parseFingerprint } from '../values/fingerprint.ts';
import { listenersIn, pinnedIn } from './pin.ts';

const print = (pair: string): Fingerprint => {
  const made = parseFingerprint(Array(32).fill(pair).join(':'));
  assert.ok(made !== undefined);
  return made;
};
const [old, fresh] = [print('AA'), print('BB')];
const pbs = { host: 'pbs.example', port: 8007 };
const put = (text: string, at = pbs) => pinnedIn(text, at, fresh);

describe('a fingerprint that is pinned', () => {
  it('changes the fingerprints of that server in every section, and not one other byte', () => {
    const text = `# our estate
pve: [ { name: ruapehu,url: "https://PBS.example:8006" , fingerprint: '${old}' } ]   # another port
pbs:
    -   fingerprint:   "${old}"   # seen by Ana
        url: https://PBS.example:8007/ # the one in the attic
        name:  "attic"

pbs_storages:
- {name: one, server: pbs.example, fingerprint: '${old}'} # single quotes
- name: two
  fingerprint: ${old.toLowerCase()} # plain
  server: pbs.example
  port: 8007
- name: three
  server: other.example
  fingerprint: "${old}"
`;
    const { text: made, pins } = put(text);
    const expected = text
      .split('\n')
      .map((line) =>
        /seen by|single|plain/.test(line) ? line.replace(old, fresh).replace(old.toLowerCase(), fresh) : line,
      );
    assert.equal(made, expected.join('\n'));
    assert.deepEqual(
      pins.map(({ section, name, from, line }) => [section, name, from?.toUpperCase(), line]),
      [
        ['pbs', 'attic', old, 4],
        ['pbs_storages', 'one', old, 9],
        ['pbs_storages', 'two', old, 11],
      ],
    );
  });

  it('is added where there is none yet, in the form of the entry, with the line ends of the file', () => {
    const block = 'pbs:\r\n  - name: a\r\n    url: https://pbs.example:8007 # where\r\n    token: x\r\n';
    assert.equal(put(block).text, block.replace('# where\r\n', `# where\r\n    fingerprint: "${fresh}"\r\n`));
    const flow = 'pbs_storages: [{ server: pbs.example, name: b }]';
    assert.equal(put(flow).text, `pbs_storages: [{ server: pbs.example, fingerprint: "${fresh}", name: b }]`);
    const first = 'pbs:\n- url: https://pbs.example:8007';
    assert.equal(put(first).text, `${first}\n  fingerprint: "${fresh}"`);
  });

  it('is changed once where entries share it, and stays an anchor', () => {
    const text = `pbs: [{ url: "https://pbs.example:8007", fingerprint: &f "${old}" }]\npbs_storages: [{ server: pbs.example, fingerprint: *f }]\n`;
    assert.equal(put(text).text, text.replace(old, fresh));
    assert.equal(put(text).pins.length, 2);
  });

  it('leaves a text as it is where the server shows what is pinned already, or an authority vouches for it', () => {
    const pinned = `pbs: [{ url: "https://pbs.example:8007", fingerprint: ${fresh.toLowerCase()} }]`;
    assert.equal(put(pinned).text, pinned);
    const vouched = 'pbs: [{ url: "https://pbs.example:8007", trust: ca }]';
    assert.equal(put(vouched).text, vouched);
    assert.deepEqual(
      put(vouched).pins.map(({ byAuthority }) => byAuthority),
      [true],
    );
  });

  it('finds an address with brackets, and tells which ports a host has', () => {
    const text = 'pbs: [{ name: six, url: "https://[fd00::1]:8007" }]\npbs_storages: [{ name: s, server: "fd00::1" }]';
    assert.equal(put(text, { host: 'fd00::1', port: 8007 }).pins.length, 2);
    assert.deepEqual(
      listenersIn(text).map(({ listener }) => listener.port),
      [8007, 8007],
    );
    assert.equal(put(text, { host: 'fd00::2', port: 8007 }).pins.length, 0);
  });

  it('puts a value of several lines on one', () => {
    const text = `pbs:\n  - url: https://pbs.example:8007\n    fingerprint: >-\n      ${old}\n    name: a\n`;
    const made = put(text).text;
    assert.match(made, new RegExp(`fingerprint: "${fresh}"\\n {4}name: a`));
  });

  it('is changed where another PBS of the estate reaches that server by it, and not put where authorities vouch', () => {
    const text = (print: string) =>
      `pbs:\n  - name: home\n    url: https://home.example:8007\n    remotes:\n      - { name: away, host: pbs.example, auth_id: a@pbs, fingerprint: "${print}" } # copy 2\n      - { name: trusted, host: pbs.example, auth_id: a@pbs }\n`;
    const { text: made, pins } = put(text(old));
    assert.equal(made, text(fresh));
    assert.deepEqual(
      pins.map(({ section, name, byAuthority }) => [section, name, byAuthority]),
      [
        ['remotes', 'away', false],
        ['remotes', 'trusted', true],
      ],
    );
  });
});

// Two jobs that share a folder: the one lets go of what the other keeps.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { problemsOf, withFiles } from './estate.test-support.ts';

const problems = (first: string, second: string, other = 'here') =>
  withFiles(
    {
      'estate.yaml': `
estate: two
machines: [{ name: here, local: true }, { name: there, ssh: { host: 10.0.0.9, user: root, key: { file: /k }, host_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO0hHcVnB4VJpBNzCbTLdQ1z9PqSqnqkQOWdVJrMZsHE" } }]
workloads: [{ name: photos }]
layers:
  - { name: one, kind: disk-image, machine: here, workload: photos, image: /a.img, to: ${first}, keep: { keep_last: 2 } }
  - { name: two, kind: disk-image, machine: ${other}, workload: photos, image: /b.img, to: ${second}, keep: { keep_last: 2 } }
`,
    },
    async (folder) => (await problemsOf(join(folder, 'estate.yaml'))).filter((line) => line.includes('writes to')),
  );

describe('the folders that jobs write to', () => {
  it('lie each in no other: an estate in which one job may delete within the place of another is refused, with both places (reality 2.19, L2, 6.14)', async () => {
    for (const inner of ['/copies/one', '/copies/one/deeper'])
      assert.match(
        (await problems('/copies', inner)).join('\n'),
        /inside \/copies\/.*, the folder of one .*give each a folder of its own/,
      );
  });

  it('may lie side by side, and be of one name on two machines (control)', async () => {
    assert.deepEqual(await problems('/copies/one', '/copies/one-more'), []);
    assert.deepEqual(await problems('/copies', '/copies/deeper', 'there'), []);
  });
});

// The estates on the pages of the layers are whole, and are taken as they stand there.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { problemsIn } from '../estate/estate.test-support.ts';

const folder = resolve(import.meta.dirname, '../../docs/layers');
const estatesOn = (page: string): readonly string[] =>
  [...readFileSync(join(folder, page), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, text = '']) => text)
    .filter((text) => /^machines:/m.test(text));

describe('an estate on the page of a layer', () => {
  const pages = readdirSync(folder).filter((page) => estatesOn(page).length > 0);

  for (const page of pages)
    it(`is valid as it is (${page})`, async () => {
      for (const text of estatesOn(page))
        assert.deepEqual((await problemsIn(`estate: homelab\n${text}`)).filter(isNotOfThisMachine), []);
    });

  it('would be refused with a mistake in it (control)', async () => {
    const [text = ''] = estatesOn('host-config.md');
    assert.notDeepEqual(await problemsIn(`estate: homelab\n${text.replace('roles:', 'rolls:')}`), []);
  });
});

/** Secrets are on the operator's machine, not on this one. */
const isNotOfThisMachine = (problem: string): boolean => !problem.includes('does not exist; write the secret into it');

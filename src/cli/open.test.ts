import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Fault } from '../fault.ts';
import type { Estate } from '../model/estate.ts';
import type { Invocation } from './command.ts';
import { withPve } from './open.ts';

const asked = (pve: string): Invocation =>
  ({
    options: { pve, pveToken: 'holdfast@pve!ops=env:TOKEN', pveFingerprint: Array(32).fill('AA').join(':') },
    surroundings: { folder: '/' },
  }) as unknown as Invocation;
const estate = {
  ...{ file: '/estate.yaml', pbs: [], sections: {} },
  pve: [{ product: 'pve', name: 'ruapehu', url: 'https://10.0.0.1:8006' }],
} as unknown as Estate;
const namesWith = (url: string): readonly string[] => withPve(asked(url), estate).pve.map(({ name }) => name);

it('takes a server from the options, and not one that the estate has already: it would be changed twice', () => {
  assert.deepEqual(namesWith('https://10.0.0.2:8006'), ['ruapehu', '10.0.0.2']);
  assert.deepEqual(namesWith('https://10.0.0.1:9006'), ['ruapehu', '10.0.0.1']);
  for (const url of ['https://10.0.0.1:8006', 'https://10.0.0.1:8006/', 'https://ruapehu:8006'])
    assert.throws(
      () => namesWith(url),
      (error) => error instanceof Fault && error.code === 'misused' && error.says.includes('as ruapehu'),
      url,
    );
});

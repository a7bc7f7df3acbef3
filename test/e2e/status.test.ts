// What could not be looked at is said by `status`, with its cause, and is never passed off as fine.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Lab, startLab } from '../../lab/lab.ts';
import { type Answered, estateAt } from './estate.test-support.ts';

describe('status', () => {
  let lab: Lab;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-lab-'));
  const state = mkdtempSync(join(tmpdir(), 'holdfast-state-'));
  const status = (): Promise<Answered> =>
    estateAt(join(folder, 'connections.yaml'), 'lab', state, folder).type('status');

  before(async () => {
    lab = await startLab({ dir: folder, taskSeconds: 0 });
  });
  afterEach(() => lab.clear());
  after(async () => {
    await lab.close();
    for (const one of [folder, state]) rmSync(one, { recursive: true, force: true });
  });

  it('is fine where everything could be looked at (control)', async () => {
    const seen = await status();
    assert.equal(seen.status, 0, seen.stdout);
    assert.doesNotMatch(seen.stdout, /could not be/);
  });

  it('is partly done where a list of jobs could not be read', async () => {
    await lab.fault('pbs-pihanga', 'forbidden', { path: '^/admin/prune$' });
    const seen = await status();
    assert.match(seen.stdout, /prune jobs of pbs-pihanga could not be read: permission check failed/i);
    assert.equal(seen.status, 3);
  });

  it('says why the state of a storage is not known, and what to do', async () => {
    await lab.fault('ruapehu', 'forbidden', { path: '^/nodes/ruapehu/storage/old-pbs/status$' });
    const seen = await status();
    assert.match(seen.stdout, /old-pbs on ruapehu could not be looked at: permission check failed.*\n {2}do this: /i);
    assert.equal(seen.status, 3);
  });

  it('shows how a storage is also where its backups cannot be listed', async () => {
    await lab.fault('ruapehu', 'forbidden', { path: '^/nodes/ruapehu/storage/old-pbs/content$' });
    const seen = await status();
    assert.match(seen.stdout, /│ ruapehu +│ old-pbs +│[^\n]*│ active +│ \S+ \S+ of [^│]*│ unknown +│/);
    assert.match(seen.stdout, /old-pbs on ruapehu could not be looked at/);
    assert.equal(seen.status, 3);
  });
});

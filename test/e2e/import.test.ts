// From the way to the servers to everything that runs on them, as a file. What is believed is the lab's request log, the file,
// and what planning it says.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Lab, startLab } from '../../lab/lab.ts';
import { folderFor } from '../folder.test-support.ts';
import { type Answered, estateAt } from './estate.test-support.ts';

let lab: Lab;
let folder: string;

const writes = (): number =>
  readFileSync(join(folder, 'requests.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && JSON.parse(line).method !== 'GET').length;

const state = folderFor('state');
const type = (file: string, ...args: readonly string[]): Promise<Answered> =>
  estateAt(join(folder, file), 'lab', state, folder).type(...args);

describe('import', () => {
  before(async () => {
    folder = folderFor('lab');
    lab = await startLab({ dir: folder, size: 'full' });
  });
  after(() => lab.close());

  it('writes an estate whose plan changes nothing, and touches no server', async () => {
    const imported = await type('connections.yaml', 'import', '--out', 'full.yaml');
    assert.equal(imported.status, 0, `${imported.stdout}${imported.stderr}`);
    const plan = await type('full.yaml', 'plan', '--detailed-exitcode');
    assert.equal(plan.status, 0, `${plan.stdout}${plan.stderr}`);
    assert.match(plan.stdout, /^No changes; [1-9]\d* as declared\.$/m);
    assert.equal(writes(), 0);
  });

  it('writes the same bytes again, however the servers order their lists', async () => {
    const again = await type('connections.yaml', 'import', '--out', 'again.yaml');
    assert.equal(again.status, 0, again.stderr);
    assert.equal(readFileSync(join(folder, 'again.yaml'), 'utf8'), readFileSync(join(folder, 'full.yaml'), 'utf8'));
  });

  it('names secret files from where the new file lies, so that it works in another folder', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    const out = 'elsewhere/estate.yaml';
    assert.equal((await type('connections.yaml', 'import', '--out', out)).status, 0);
    assert.match(readFileSync(join(folder, out), 'utf8'), /file: \.\.\/ruapehu\.token/);
    assert.equal((await type(out, 'plan', '--detailed-exitcode')).status, 0);
  });

  it('shows afterwards what somebody changes by hand (control)', async () => {
    const state = lab.servers['hikurangi']?.state;
    assert.ok(state?.product === 'pve');
    const [job] = state.jobs;
    const before = { ...job?.options };
    Object.assign(job?.options ?? {}, { schedule: 'sun 05:15' });
    const drift = await type('full.yaml', 'drift', '--detailed-exitcode');
    assert.equal(drift.status, 2, drift.stdout);
    assert.match(drift.stdout, /hikurangi.*schedule.*sun 05:15/);
    Object.assign(job?.options ?? {}, before);
    assert.equal((await type('full.yaml', 'drift', '--detailed-exitcode')).status, 0);
  });

  it('takes over what it wrote: taken out of the file, it is removed with --prune, and not without', async () => {
    const text = readFileSync(join(folder, 'full.yaml'), 'utf8');
    const without = text
      .replace(/ {10}- id: workshop-weekly\n(?: {12}.*\n)+/, '')
      .replace(/ {8}prune:\n(?= {0,8}\S)/g, '');
    assert.notEqual(without, text);
    writeFileSync(join(folder, 'without.yaml'), without);
    const stays = await type('without.yaml', 'plan');
    assert.match(stays.stdout, /workshop-weekly: it is no longer declared; it stays until you say `--prune`/);
    assert.doesNotMatch(stays.stdout, /to remove/);
    const goes = await type('without.yaml', 'plan', '--prune');
    assert.match(goes.stdout, /- remove prune job workshop-weekly/);
  });

  it('says what its login may not see, which may be there all the same; with the right it is in the file', async () => {
    const state = lab.servers['pbs-taupo']?.state;
    assert.ok(state?.product === 'pbs');
    const acl = [...state.acl];
    const before = await type('connections.yaml', 'import', '--out', 'unseen.yaml');
    assert.match(before.stdout, /perhaps more.*remotes and sync jobs of pbs-taupo: .*no Remote\.Audit on \/remote/);
    assert.match(readFileSync(join(folder, 'unseen.yaml'), 'utf8'), /^# Perhaps not in this file: remotes.*pbs-taupo/m);
    for (const authId of ['holdfast@pbs', 'holdfast@pbs!ops'])
      state.acl.push({ authId, path: '/remote', role: 'RemoteAudit', propagate: true });
    const after = await type('connections.yaml', 'import', '--out', 'seen.yaml');
    assert.doesNotMatch(after.stdout, /perhaps more.*pbs-taupo/);
    assert.match(readFileSync(join(folder, 'seen.yaml'), 'utf8'), /sync:\n/);
    assert.equal((await type('seen.yaml', 'plan', '--detailed-exitcode')).status, 0);
    state.acl.splice(0, state.acl.length, ...acl);
  });

  it('is not undone by a file that declares nothing: --prune with it is refused', async () => {
    const refused = await type('connections.yaml', 'plan', '--prune');
    assert.equal(refused.status, 64, refused.stdout);
    assert.match(refused.stderr, /prune-without-declarations/);
    const none = `${readFileSync(join(folder, 'connections.yaml'), 'utf8')}\npbs_storages: []\n`;
    writeFileSync(join(folder, 'none.yaml'), none);
    const meant = await type('none.yaml', 'plan', '--prune');
    assert.match(meant.stdout, /- remove prune job workshop-weekly/, 'an empty list is said, and meant');
  });

  it('writes over no file unless told to, and into no estate that declares things', async () => {
    const exists = await type('connections.yaml', 'import', '--out', 'full.yaml');
    assert.equal(exists.status, 64);
    assert.match(exists.stderr, /import-file-exists/);
    const declared = await type('estate.yaml', 'import', '--out', 'third.yaml');
    assert.equal(declared.status, 65);
    assert.match(declared.stderr, /import-into-declared/);
    assert.equal(existsSync(join(folder, 'third.yaml')), false);
  });

  it('keeps how long a plan may wait, which would else be longer again', async () => {
    const text = readFileSync(join(folder, 'connections.yaml'), 'utf8');
    writeFileSync(join(folder, 'strict.yaml'), text.replace(/^time_zone: .*$/m, '$&\napproval_expires: 10m'));
    assert.equal((await type('strict.yaml', 'import', '--out', 'strict-full.yaml')).status, 0);
    assert.match(readFileSync(join(folder, 'strict-full.yaml'), 'utf8'), /^approval_expires: 10m$/m);
  });

  it('writes no file into an estate that is a folder: everything would stand there twice', async () => {
    mkdirSync(join(folder, 'in-parts'));
    const text = readFileSync(join(folder, 'connections.yaml'), 'utf8').replaceAll(/file: /g, 'file: ../');
    writeFileSync(join(folder, 'in-parts', 'connections.yaml'), text);
    const inside = await type('in-parts', 'import', '--out', 'in-parts/full.yaml');
    assert.equal(inside.status, 64, inside.stdout);
    assert.match(inside.stderr, /would stand there twice/);
    assert.equal(existsSync(join(folder, 'in-parts', 'full.yaml')), false);
    assert.equal((await type('in-parts', 'import', '--out', 'of-parts.yaml')).status, 0);
  });

  it('owns what it wrote also where the estate has no name, by the file that was written', async () => {
    const text = readFileSync(join(folder, 'connections.yaml'), 'utf8').replace(/^estate: .*\n/m, '');
    writeFileSync(join(folder, 'unnamed.yaml'), text);
    assert.equal((await type('unnamed.yaml', 'import', '--out', 'unnamed-full.yaml')).status, 0);
    const file = join(folder, 'unnamed-full.yaml');
    const whole = readFileSync(file, 'utf8');
    const without = whole.replace(/ {2}- name: by-hand\n(?: {4}.*\n)+/, '');
    assert.notEqual(without, whole);
    writeFileSync(file, without);
    assert.match((await type('unnamed-full.yaml', 'plan', '--prune')).stdout, /- remove backup job by-hand/);
  });

  it('says what no estate can declare, by what was found, and not by a line of a file that is not there', async () => {
    const { state: held } = lab.servers['pbs-pihanga'] ?? assert.fail('the lab has no pbs-pihanga');
    const [job] = (held as { pruneJobs: { options: Record<string, unknown> }[] }).pruneJobs;
    const before = { ...job?.options };
    Object.assign(job?.options ?? {}, { comment: 'one\u0085two' });
    const refused = await type('connections.yaml', 'import', '--out', 'odd.yaml');
    Object.assign(job?.options ?? {}, before);
    assert.equal(refused.status, 1, refused.stdout);
    assert.match(refused.stderr, /prune\[0\]\.comment: is one line; found: comment: .*one/);
    assert.doesNotMatch(refused.stderr, /odd\.yaml:\d|correct this line/);
    assert.equal(existsSync(join(folder, 'odd.yaml')), false);
  });

  it('says what it could not read, and leaves it out', async () => {
    await lab.fault('pihanga', 'forbidden', { path: '^/cluster/backup' });
    const imported = await type('connections.yaml', 'import', '--out', 'less.yaml');
    await lab.clear();
    assert.equal(imported.status, 3, imported.stdout);
    assert.match(imported.stdout, /left out.*pihanga/);
    assert.match(readFileSync(join(folder, 'less.yaml'), 'utf8'), /^# Not in this file.*pihanga/m);
  });
});

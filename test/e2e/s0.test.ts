// The seed's estate: three hosts, one PBS, every guest at two each night, 7 days, 3 months and a year kept. What an operator
// reads of it is kept in test/golden/, and it is made from nothing in the full lab, its token and rights included.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, mock, type TestContext } from 'node:test';
import { type Lab, startLab } from '../../lab/lab.ts';
import { readEstateFile } from '../../src/estate-file.ts';
import { readGuardFile } from '../../src/guard-file.ts';
import { holdfastIn } from '../../src/holdfast.ts';
import { planEstate } from '../../src/pipeline.ts';
import { planAsText } from '../../src/plan/plan-text.ts';
import type { Surroundings } from '../../src/surroundings.ts';
import { systemClock } from '../../src/values/instant.ts';
import { plain } from '../../src/values/paint.ts';
import { plannedFromNothing, withoutDigest } from '../planned-from-nothing.ts';
import { type Answered, estateAt, root } from './estate.test-support.ts';

const example = join(root, 'examples', 's0', 'estate.yaml');
const golden = (t: TestContext, text: string, name: string): void =>
  t.assert.fileSnapshot(`${text.trimEnd()}\n`, join(root, 'test', 'golden', name), { serializers: [String] });

it('where the servers hold nothing yet, all of it is made', async (t) => {
  const { plan, declared } = await plannedFromNothing(example);
  assert.deepEqual([plan.steps.length, plan.refusals], [declared, []]);
  golden(t, withoutDigest(planAsText(plan, plain)), 's0.plan.txt');
});

it('holds what the seed asks for, read in its safest way', async () => {
  const { plan } = await plannedFromNothing(example);
  const items = (kind: string) => plan.steps.filter(({ subject }) => subject.startsWith(`${kind}/`));
  const text = planAsText(plan, plain);
  assert.deepEqual([items('pve-backup-job').length, items('pve-storage').length], [3, 3]);
  assert.equal(text.match(/^ +schedule +02:00 /gm)?.length, 3);
  assert.equal(text.match(/^ +prune_backups +keep_all: 1$/gm)?.length, 3);
  assert.match(text, /^ +keep +keep_daily: 7, keep_monthly: 3, keep_yearly: 1 /m);
  assert.equal(new Set(text.match(/^ +namespace +\w+$/gm)).size, 3);
  assert.equal(text.match(/^ +select +all_but: 101$/gm)?.length, 1);
});

describe('in the full lab', () => {
  let lab: Lab;
  let folder: string;
  const state = mkdtempSync(join(tmpdir(), 'holdfast-s0-state-'));
  const at = (name: string) => lab.servers[name] ?? assert.fail(`the lab has no ${name}`);
  const portOf = (name: string): string => new URL(at(name).url).port;

  /** The example, with the addresses and secrets of the lab. */
  function inLab(): string {
    const pbs = at('pbs-pihanga');
    const way = ['ruapehu', 'pihanga', 'hikurangi', 'pbs-pihanga'].reduce(
      (text, name) =>
        text
          .replace(
            new RegExp(`(- name: ${name}\\n    url: )\\S+(\\n    fingerprint: )"[^"]+"`),
            `$1${at(name).url}$2"${at(name).fingerprint}"`,
          )
          .replace(`{ env: ${name === 'pbs-pihanga' ? 'PBS' : name.toUpperCase()}_TOKEN }`, `{ file: ${name}.token }`),
      readFileSync(example, 'utf8'),
    );
    return way
      .replaceAll('    server: 10.10.0.151\n', `    server: 127.0.0.1\n    port: ${portOf('pbs-pihanga')}\n`)
      .replaceAll(/(password: .*\n {4}fingerprint: )"[^"]+"/g, `$1"${pbs.fingerprint}"`);
  }

  const fileOf = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const type = (file: string, ...args: readonly string[]): Promise<Answered> =>
    estateAt(file, 's0', state, folder).type(...args);

  /** What another lab shows in another way, each as wide as before. */
  const masked = (text: string): string =>
    Object.entries(lab.servers)
      .reduce(
        (seen, [name, { fingerprint }]) => seen.replaceAll(fingerprint, `FINGERPRINT OF ${name}`.padEnd(95)),
        text,
      )
      .replaceAll(/(127\.0\.0\.1[: ])\d{5}\b/g, '$1PPPPP')
      .replaceAll(/^( +port +)\d{5}/gm, '$1PPPPP')
      .replaceAll(`${folder}/`, '')
      .replaceAll(/ +$/gm, '');

  before(async () => {
    // What hangs on the day, such as which backups a rule keeps, is the same at each run.
    mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 10, 21, 12) });
    folder = mkdtempSync(join(tmpdir(), 'holdfast-s0-'));
    lab = await startLab({ dir: folder, size: 'full', taskSeconds: 0 });
  });
  after(async () => {
    mock.timers.reset();
    await lab.close();
    for (const one of [folder, state]) rmSync(one, { recursive: true, force: true });
  });

  it('the plan says what each change means for the backups that are there', async (t) => {
    const surroundings = {
      ...{ arguments: [], env: {}, clock: systemClock, folder, home: folder, hostName: 'here', version: '0' },
      ...{ user: process.getuid?.() ?? -1, process: process.pid, stopped: new AbortController().signal },
    } as unknown as Surroundings;
    const guard = await readGuardFile(surroundings, undefined);
    const estate = await readEstateFile(surroundings, fileOf('s0.yaml', inLab()), guard);
    const holdfast = holdfastIn({ surroundings, guard, guardFile: undefined, root: state, startedBy: 'test' });
    const plan = await planEstate(holdfast, estate, { prune: false });
    golden(t, masked(withoutDigest(planAsText(plan, plain))), 's0.lab.plan.txt');
    mock.timers.reset();
  });

  it('before the first apply, what the estate makes itself is not wrong for not being there', async () => {
    const seen = await type(fileOf('s0.yaml', inLab()), 'validate');
    const [storages = ''] = seen.stdout.split('┌─────────────┬─────────┬─────────────────┬');
    for (const host of ['ruapehu', 'pihanga', 'hikurangi'])
      assert.match(storages, new RegExp(`│ pbs-pihanga \\(${host}\\) +│ ! Valid`));
    assert.match(seen.stdout, /! login: backup@pbs!pve has no secret yet: .*\n +do this: .*`holdfast apply` makes it/);
    assert.doesNotMatch(seen.stdout, /✗ (?:login|namespace|datastore)/);
  });

  it('a login that may not make logins is told so before anything is changed, and with the command', async () => {
    const refused = await type(fileOf('s0.yaml', inLab()), 'apply', '--yes');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /\/access\/users needs Permissions\.Modify: holdfast@pbs!ops lacks it/);
    assert.match(refused.stderr, /acl update \/access\/users Admin --auth-id 'holdfast@pbs!ops'/);
    assert.match(refused.stderr, /nothing was changed/);
    assert.equal((await type(join(folder, 's0.yaml'), 'runs')).stdout.includes('apply'), false);
  });

  it('with those rights it is made whole, its token secret for its owner alone, and all is well', async (t) => {
    for (const name of ['holdfast@pbs', 'holdfast@pbs!ops'])
      for (const path of ['/access/users', '/access/acl'])
        await fetch(`${lab.control}/change`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ server: 'pbs-pihanga', kind: 'acl', name, set: { path, role: 'Admin' } }),
        });
    const applied = await type(join(folder, 's0.yaml'), 'apply', '--yes');
    assert.equal(applied.status, 0, `${applied.stdout}${applied.stderr}`);
    assert.equal(statSync(join(folder, 'backup.token')).mode & 0o777, 0o600);
    const secret = readFileSync(join(folder, 'backup.token'), 'utf8').trim();
    assert.ok(!`${applied.stdout}${applied.stderr}`.includes(secret));
    assert.match((await type(join(folder, 's0.yaml'), 'plan')).stdout, /^No changes; 16 as declared\.$/m);
    const valid = await type(join(folder, 's0.yaml'), 'validate');
    assert.equal(valid.status, 0, valid.stdout);
    golden(t, masked(valid.stdout), 's0.valid.txt');
  });

  it('a wrong fingerprint is told with both, and no login is sent', async (t) => {
    const wrong = Array.from({ length: 32 }, () => 'AB').join(':');
    const file = fileOf('wrong.yaml', inLab().replaceAll(at('pbs-pihanga').fingerprint, wrong));
    const seen = await type(file, 'validate');
    assert.equal(seen.status, 1);
    golden(t, masked(seen.stdout), 's0.wrong-fingerprint.txt');
  });

  it('a port where nothing listens is told with what to look at', async (t) => {
    const dead = inLab().replaceAll(`    port: ${portOf('pbs-pihanga')}\n`, '    port: 1\n');
    const seen = await type(fileOf('dead.yaml', dead), 'validate');
    assert.equal(seen.status, 1);
    golden(t, masked(seen.stdout), 's0.dead-port.txt');
  });
});

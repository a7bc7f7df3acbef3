// A plan for people: what changes and why, what it means, what was refused, a tally. The only text a plan has.
import type { Note, Plan, Refusal } from '../model/plan.ts';
import { shortDigest } from '../model/plan.ts';
import { type Act, type Change, classOf, type Step } from '../model/step.ts';
import { type Paint, plain } from '../values/paint.ts';
import { plainRef, type Ref } from '../values/ref.ts';
import { count, shown } from '../values/text.ts';

const signs = { create: '+', update: '~', replace: '-/+', remove: '-', do: '>' } as const satisfies Record<Act, string>;

export function planAsText(plan: Plan, paint: Paint = plain): string {
  const lines = [
    paint.strong(`Plan ${shortDigest(plan.digest)} for ${plan.estate}, ${plan.job}, made ${plan.madeAt}`),
    '',
    ...plan.steps.flatMap((step) => [...stepAsText(step, paint), '']),
    ...refusalsAsText(plan.refusals, paint),
    ...notesAsText(plan.notes, paint),
    tally(plan),
  ];
  return `${lines.join('\n')}\n`;
}

function stepAsText(step: Step, paint: Paint): readonly string[] {
  const colour = { create: paint.good, update: paint.warning, replace: paint.bad, remove: paint.bad, do: paint.strong };
  const { title, because, means, wayBack, risk, expands } = step;
  return [
    `  ${colour[step.act](`${signs[step.act]} ${shown(title)}`)}`,
    ...because.map((reason) => `      because  ${shown(reason)}`),
    ...changesAsText(step.changes.filter(({ field }) => field !== 'means')),
    ...(means ?? []).map((what) => `      ${paint.warning('means')}    ${shown(what)}${classOfMeaning(step, what)}`),
    ...(expands ? ['      details  expands when run'] : []),
    `      ${paint.dim([...facts(step), `risk: ${risk}`, wayBack === 'undo' ? 'can be undone' : 'one-way'].join('; '))}`,
  ];
}

/** A consequence that classes the step stands among its changes, too, as what is agreed to. */
function classOfMeaning({ changes }: Step, what: string): string {
  const classed = changes.find(({ field, to }) => field === 'means' && to === what);
  return classed === undefined ? '' : `   (${classed.class})`;
}

function facts(step: Step): readonly string[] {
  if (step.changes.length > 0 || step.act === 'remove') return [`class: ${classOf(step)}`];
  return step.lanes.length > 0 ? [`lanes: ${step.lanes.join(', ')}`] : [];
}

function changesAsText(changes: readonly Change[]): readonly string[] {
  const width = Math.max(0, ...changes.map(({ field }) => field.length));
  return changes.map(({ field, from, to, class: meaning, because }) => {
    const values = from === undefined ? value(to) : `${value(from)} -> ${value(to)}`;
    const meant =
      meaning === 'neutral' && because === undefined ? '' : `   (${[meaning, because].filter(Boolean).join(': ')})`;
    return `      ${field.padEnd(width)}  ${values}${meant}`;
  });
}

/** A value of a field, for people. */
export const planValue = (json: unknown): string => value(json);

function value(json: unknown): string {
  if (json === undefined || json === null) return '(none)';
  if (typeof json === 'string') return shown(json);
  if (Array.isArray(json)) return json.length === 0 ? '(none)' : json.map(value).join(', ');
  if (typeof json === 'object')
    return Object.entries(json)
      .map(([key, inner]) => `${key}: ${value(inner)}`)
      .join(', ');
  return typeof json === 'boolean' ? (json ? 'yes' : 'no') : String(json);
}

/** What a silent server keeps from being planned is said once, with how much of it there is. */
function refusalsAsText(refusals: readonly Refusal[], paint: Paint): readonly string[] {
  const alike = Map.groupBy(refusals, ({ subject, unread, code, says }) =>
    unread === undefined ? subject + code + says : [unread, code, says].join('\n'),
  ).values();
  return [...alike].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const { subject, code, says, remedy, unread } = first;
    const what =
      unread !== undefined && more.length > 0
        ? `${count(more.length + 1, 'declared thing')} on ${unread} cannot be planned`
        : `${shown(plainRef(subject))} cannot be done as declared`;
    return [`  ${paint.bad(`! ${what} (${code})`)}`, `      ${shown(says)}`, `      do this  ${shown(remedy)}`, ''];
  });
}

const mostNamed = 6;

/** The first few by name, the others by their number. */
function namesOf(subjects: readonly Ref[]): string {
  const named = subjects.slice(0, mostNamed).map((subject) => shown(plainRef(subject)));
  const others = subjects.length - named.length;
  return `${named.join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
}

function notesAsText(notes: readonly Note[], paint: Paint): readonly string[] {
  if (notes.length === 0) return [];
  const mark = { info: paint.dim('note'), warning: paint.warning('warning') };
  // What is so on every server is said once, of all of them.
  const alike = Map.groupBy(notes, ({ level, says }) => `${level} ${says}`).values();
  const lines = [...alike].flatMap(([first, ...more]) =>
    first === undefined ? [] : [noteAsText(first, more, mark[first.level])],
  );
  return [...lines, ''];
}

function noteAsText({ subject, says }: Note, more: readonly Note[], mark: string): string {
  return `  ${mark}  ${namesOf([subject, ...more.map((one) => one.subject)])}: ${shown(says)}`;
}

function tally({ steps, unchanged, refusals }: Plan): string {
  const of = (act: Act): number => steps.filter((step) => step.act === act).length;
  const parts = [
    [of('create'), 'to create'],
    [of('update'), 'to change'],
    [of('replace'), 'to replace'],
    [of('remove'), 'to remove'],
    [of('do'), 'to do'],
  ] as const;
  const changes = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  const said = changes.length > 0 ? changes.join(', ') : 'No changes';
  const refused = refusals.length > 0 ? `; ${count(refusals.length, 'thing')} refused` : '';
  return `${said}; ${unchanged} as declared${refused}.`;
}

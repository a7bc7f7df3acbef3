// A validation as people read it: a table of storages and one of servers, and below them what to do.
import { type Check, type CheckName, type Judgement, type Looked, type Validation, worst } from '../validate/check.ts';
import type { Paint } from '../values/paint.ts';
import { shown } from '../values/text.ts';
import type { Invocation } from './command.ts';
import { tableFor } from './table.ts';

const verdicts = {
  valid: '✓ Valid',
  warning: '! Valid',
  invalid: '✗ Invalid',
  'not reachable': '✗ Not reachable',
  disabled: '– Disabled',
} as const satisfies Record<Judgement, string>;

const marks = { good: '✓', warning: '!', wrong: '✗', unreachable: '✗', skipped: '–' } as const;
/** Not looked at, because something before it failed. */
const notReached = '–';

const mark = ({ checks }: Looked, ...names: readonly CheckName[]): string => {
  const states = names.flatMap((name) => worst(checks, name) ?? []);
  const state = (['wrong', 'unreachable', 'warning', 'good', 'skipped'] as const).find((one) => states.includes(one));
  return state === undefined ? notReached : marks[state];
};

const needsLook = ({ state }: Check): boolean => state === 'wrong' || state === 'unreachable' || state === 'warning';

const issuesOf = ({ checks }: Looked): string =>
  [...new Set(checks.filter(needsLook).map(({ check }) => check))].join(', ') || '-';

/** How many nodes have it active, of those it is for. */
function nodesOf({ checks }: Looked): string {
  const nodes = checks.filter(({ check, from }) => (check === 'node' || check === 'scan') && from !== undefined);
  const [good, skipped] = ['good', 'skipped'].map((state) => nodes.filter((node) => node.state === state).length);
  if (nodes.length === 0 || nodes.length === skipped) return notReached;
  return `${good} of ${nodes.length - (skipped ?? 0)}`;
}

export function validationAsText(invocation: Invocation, { storages, servers }: Validation, verbose: boolean): string {
  const port = storages.every(({ address }) => address.endsWith(':8007')) ? 'Port 8007' : 'Port';
  const heads = ['DNS', port, 'TLS', 'Certificate', 'Login'];
  const way = (one: Looked): readonly string[] => [
    mark(one, 'DNS'),
    mark(one, 'port'),
    mark(one, 'TLS'),
    mark(one, 'certificate'),
  ];
  const ofStorage = (one: Looked) => [
    ...[
      nameAmong(storages, one),
      verdicts[one.verdict],
      ...way(one),
      mark(one, 'login', 'datastore', 'namespace', 'privileges'),
    ],
    ...[nodesOf(one), issuesOf(one)],
  ];
  const ofServer = (one: Looked) => [
    ...[one.name, verdicts[one.verdict], one.address, ...way(one), mark(one, 'login'), mark(one, 'privileges')],
    issuesOf(one),
  ];
  const tables = [
    storages.length === 0
      ? ''
      : tableFor(invocation, ['Storage', 'Status', ...heads, 'Nodes', 'Issues'], storages.map(ofStorage)),
    servers.length === 0
      ? ''
      : tableFor(
          invocation,
          ['Server', 'Status', 'Address', 'DNS', 'Port', 'TLS', 'Certificate', 'Login', 'Rights', 'Issues'],
          servers.map(ofServer),
        ),
  ];
  const all = [...storages, ...servers];
  const told = all
    .map((one) =>
      lookedAsText(nameAmong(one.kind === 'storage' ? storages : servers, one), one, invocation.paint, verbose),
    )
    .join('');
  return `${tables.join('')}${told}`;
}

/** Several hosts may each have a storage of that name, which leads elsewhere. */
const nameAmong = (all: readonly Looked[], { name, on = [] }: Looked): string =>
  all.filter((one) => one.name === name).length > 1 ? `${name} (${on.join(', ')})` : name;

function lookedAsText(name: string, { checks }: Looked, paint: Paint, verbose: boolean): string {
  const lines = checks.filter((check) => verbose || needsLook(check)).map((check) => checkAsText(check, paint));
  return lines.length === 0 ? '' : `\n${paint.strong(shown(name))}\n${lines.join('')}`;
}

function checkAsText({ check, state, from, seen, remedy }: Check, paint: Paint): string {
  const painted = {
    good: paint.good,
    warning: paint.warning,
    wrong: paint.bad,
    unreachable: paint.bad,
    skipped: paint.dim,
  }[state];
  const where = from === undefined ? '' : ` from ${shown(from)}`;
  const says = shown(`${seen}`);
  return `  ${painted(marks[state])} ${check}${where}: ${says}\n${remedy === undefined ? '' : `      do this: ${shown(remedy)}\n`}`;
}

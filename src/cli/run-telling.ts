// A run as it goes on: a line per thing that happened, and one overwritten row for how far it is.
import type { Told } from '../apply/engine-types.ts';
import type { Verdict } from '../apply/outcome.ts';
import type { Exit, FaultRecord } from '../fault.ts';
import type { Plan } from '../model/plan.ts';
import type { Entry, Outcome } from '../model/run.ts';
import type { Step } from '../model/step.ts';
import { type Duration, formatDuration, milliseconds } from '../values/duration.ts';
import type { Clock } from '../values/instant.ts';
import type { Paint } from '../values/paint.ts';
import { bytes, formatSize } from '../values/size.ts';
import { shown } from '../values/text.ts';
import type { Invocation } from './command.ts';

export function telling(invocation: Invocation, plan: Plan): (told: Told) => void {
  const titles = new Map<string, string>();
  const learn = (steps: readonly Step[], parent?: string) => {
    for (const step of steps) titles.set(parent === undefined ? step.id : `${parent}>${step.id}`, step.title);
  };
  learn(plan.steps);
  const rate = rates(invocation.surroundings.clock);
  return (told) => {
    if (told.tell === 'entry') {
      if (told.entry.event === 'expanded') learn(told.entry.plan.steps, told.entry.path);
      const line = entryAsText(told.entry, titles.get(told.entry.path) ?? told.entry.path, invocation.paint);
      if (line !== undefined) invocation.say(line);
    } else if (told.tell === 'waiting') invocation.say(`  … ${shown(`${told.path} ${told.says}`)}`);
    else if (told.tell === 'progress') invocation.show(`  ${rate(told.path, told.progress)}`);
    else if (invocation.given.verbose) invocation.say(invocation.paint.dim(`    ${shown(told.line)}`));
  };
}

/** Undefined for what only the journal needs to know. What servers and tools said is in it: none of it may steer a terminal. */
export function entryAsText(entry: Entry, name: string, paint: Paint): string | undefined {
  const title = shown(name);
  switch (entry.event) {
    case 'done':
      return [
        paint.good(`  ✓ ${title}`),
        ...entry.degraded.map((part) => paint.warning(`    but: ${shown(part)}`)),
      ].join('\n');
    case 'failed':
    case 'refused':
      return `${paint.bad(`  ✗ ${title}: ${entry.event} (${entry.fault.code})`)}\n${whatToDo(entry.fault)}`;
    case 'in doubt':
      return `${paint.bad(`  ? ${title}: in doubt`)}\n${whatToDo(entry.fault)}`;
    case 'blocked':
      return paint.warning(`  - ${title}: not begun, because of ${entry.by}`);
    case 'expanded':
      return whatWasFound(title, entry.plan, paint);
    case 'undone':
      return paint.warning(`  ↺ ${title}: led back, nothing of it is left`);
    case 'not undone':
    case 'not released':
      return `${paint.bad(`  ! ${title}: ${entry.event}`)}\n${whatToDo(entry.fault)}\n      when the run has ended: holdfast cancel ${entry.run}, which tries again`;
    case 'probed':
      return paint.warning(`  ? ${title}: was it done? ${entry.answer}: ${shown(entry.evidence)}`);
    case 'trying':
    case 'took':
    case 'released':
      return undefined;
  }
}

/** Nothing, where a step had only looked whether there was more. */
function whatWasFound(
  title: string,
  { steps, notes }: Pick<Plan, 'steps' | 'notes'>,
  paint: Paint,
): string | undefined {
  const warnings = notes.filter(({ level }) => level === 'warning');
  if (steps.length + warnings.length === 0) return undefined;
  return [
    `  > ${title}: found ${steps.length === 0 ? 'nothing' : steps.length} more to do`,
    ...steps.map((step) => `      ${shown(step.title)}  (${shown(step.because.join('; '))})`),
    ...warnings.map(({ says }) => `      ${paint.warning('warning')}  ${shown(says)}`),
  ].join('\n');
}

const whatToDo = ({ says, remedy }: FaultRecord): string => `      ${shown(says)}\n      do this: ${shown(remedy)}`;

type Progress = Extract<Told, { tell: 'progress' }>['progress'];

/** `copy photos  1.2 GiB of 2.0 GiB, 410 MiB/s, 2 s left` */
function rates(clock: Clock): (path: string, progress: Progress) => string {
  const began = new Map<string, number>();
  return (path, { what, done, total, unit }) => {
    const start = began.get(path) ?? clock.monotonic();
    began.set(path, start);
    const spent = clock.monotonic() - start;
    const amount = (value: number): string => (unit === 'bytes' ? formatSize(bytes(value)) : String(value));
    const perSecond = spent > 1000 ? `, ${amount((done / spent) * 1000)}/s` : '';
    const left = total !== undefined && spent > 1000 && done > 0 ? `, ${remaining(spent, done, total)} left` : '';
    return `${what}  ${amount(done)}${total === undefined ? '' : ` of ${amount(total)}`}${perSecond}${left}`;
  };
}

const remaining = (spent: number, done: number, total: number): string =>
  formatDuration(milliseconds(Math.max(0, ((total - done) / done) * spent)) as Duration);

const exits = {
  done: 'fine',
  degraded: 'partly',
  partly: 'partly',
  failed: 'failed',
  refused: 'failed',
  interrupted: 'interrupted',
  aborted: 'failed',
} as const satisfies Record<Outcome, Exit>;

export const exitOf = ({ outcome }: Verdict): Exit => exits[outcome];

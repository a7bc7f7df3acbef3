// `doctor`: what is wrong, why, and what to do. With an estate it judges what the servers hold against it; without one it
// judges the PVE or PBS host it runs on, from within. It writes nothing.

import type { ChannelKind, FindingsChannel } from '../contracts/channel.ts';
import { Fault } from '../fault.ts';
import { kinds } from '../kinds.ts';
import { localMachine } from '../machines/local.ts';
import type { ChannelEntry, Estate } from '../model/estate.ts';
import type { Finding, Severity } from '../model/finding.ts';
import type { Message } from '../model/message.ts';
import { planEstate } from '../pipeline.ts';
import { digestOf } from '../values/canonical.ts';
import { formatDuration, seconds } from '../values/duration.ts';
import { between, type Instant } from '../values/instant.ts';
import type { Paint } from '../values/paint.ts';
import { plainRef } from '../values/ref.ts';
import { count, shown } from '../values/text.ts';
import type { DoctorAnswer, Judged } from './answers.ts';
import { type Answer, type Command, flag, type Invocation, optionText } from './command.ts';
import { hasEstate, misused, type Opened, open, withPve } from './open.ts';

export const doctor: Command<DoctorAnswer> = {
  name: 'doctor',
  says: 'what is wrong, why, and what to do',
  run: async (invocation) => {
    const ofHost = optionText(invocation, 'root') !== undefined || !hasEstate(invocation);
    return ofHost ? hostDoctor(invocation) : estateDoctor(invocation);
  },
};

async function hostDoctor(invocation: Invocation): Promise<Answer<DoctorAnswer>> {
  const { clock } = invocation.surroundings;
  const { readHost } = await import('../host/read-host.ts');
  invocation.show('reading this host');
  const machine = localMachine({ name: 'this host', clock });
  const facts = await readHost(machine, { root: optionText(invocation, 'root') ?? '/', clock });
  const now = clock.now();
  const findings = kinds.checks.flatMap((check) => (check.judges === 'host' ? check.judge(facts, now) : []));
  return answerOf(invocation, findings, now, { host: facts });
}

async function estateDoctor(invocation: Invocation): Promise<Answer<DoctorAnswer>> {
  const opened = await open(invocation);
  const channel = optionText(invocation, 'tell');
  // A misspelt channel is found today, and not on the day when there is something to tell.
  const through = channel === undefined ? undefined : channelNamed(opened.estate, channel);
  invocation.show('asking the servers');
  const plan = await planEstate(opened.holdfast, withPve(invocation, opened.estate), { prune: false });
  const now = invocation.surroundings.clock.now();
  const findings = kinds.checks.flatMap((check) => (check.judges === 'plan' ? check.judge(plan, now) : []));
  if (through !== undefined && findings.length > 0) await tell(invocation, opened, through, findings, now);
  const answer = answerOf(invocation, findings, now, { plan: plan.digest });
  const unread = plan.refusals.some(({ unread }) => unread !== undefined);
  const exit = answer.exit === 'fine' && unread ? 'partly' : answer.exit;
  return { ...answer, exit, text: `${answer.text}${notLookedAt(opened.estate)}` };
}

type Through = Readonly<{ entry: ChannelEntry; kind: FindingsChannel }>;

function channelNamed({ channels }: Estate, name: string): Through {
  const entry = channels.find((one) => one.name === name);
  const kind: ChannelKind | undefined = kinds.channels.find((one) => one.kind === entry?.kind);
  if (entry !== undefined && kind?.carries === 'findings') return { entry, kind };
  if (entry !== undefined && kind !== undefined)
    throw misused(`--tell ${name}`, `a ${kind.kind} carries figures, no findings`, 'name another of `channels`');
  throw new Fault('channel-unknown', {
    where: name,
    says: 'the estate has no channel of that name',
    remedy: 'declare it under `channels`',
    exit: 'misused',
  });
}

/** What is declared and no check judges yet: "nothing wrong" is not said of it. */
function notLookedAt({ layers, schedules, sections }: Estate): string {
  const parts = [
    ...(layers.length === 0
      ? []
      : [`${count(layers.length, 'layer')} (see \`holdfast points\` and \`holdfast runs\`)`]),
    ...(Object.keys(sections).length === 0
      ? []
      : ['whether logins, storages and nodes reach each other (see `holdfast validate` and `holdfast status`)']),
    ...(schedules.length === 0 ? [] : [`${count(schedules.length, 'schedule')} (see \`holdfast jobs\`)`]),
  ];
  return parts.length === 0 ? '' : `Not looked at: ${parts.join(', ')}.\n`;
}

async function tell(
  invocation: Invocation,
  { holdfast, estate }: Opened,
  { entry, kind }: Through,
  findings: readonly Finding[],
  at: Instant,
): Promise<void> {
  const { name } = entry;
  await using world = holdfast.world(estate);
  const { clock, stopped } = invocation.surroundings;
  const secret: typeof world.secret = (reference, audience) => world.secret(reference, audience);
  const message = messageOf(estate.name, findings, at);
  // The same message under the same id: a receiver that had it already can tell.
  let delivery = await kind.send(entry, message, { clock, fetch, secret }, stopped);
  for (const pause of pauses) {
    if (delivery.delivered || !delivery.again) break;
    invocation.show(`${name}: ${delivery.says}; trying again`);
    await clock.sleep(pause, stopped);
    delivery = await kind.send(entry, message, { clock, fetch, secret }, stopped);
  }
  if (!delivery.delivered)
    throw new Fault('channel-silent', {
      where: name,
      says: delivery.says,
      remedy: 'mend the channel: nobody was told',
    });
  invocation.say(`told ${name}: ${delivery.says}`);
}

const pauses = [2, 8].map(seconds);

const messageOf = (estate: string, findings: readonly Finding[], at: Instant): Message => ({
  id: digestOf([at, findings.map(({ id }) => id)]).slice(0, 24),
  at,
  estate,
  title: `${count(findings.length, 'finding')} in ${estate}`,
  findings: findings.map((finding) => ({ state: 'appeared', finding })),
});

function answerOf(
  invocation: Invocation,
  findings: readonly Finding[],
  now: Instant,
  seen: Judged,
): Answer<DoctorAnswer> {
  const order: readonly Severity[] = ['critical', 'warning', 'info'];
  const sorted = findings.toSorted((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity));
  const text = sorted.map((one) => findingAsText(one, now, invocation.paint)).join('\n');
  const wrong = sorted.length > 0 && flag(invocation, 'detailedExitcode');
  return {
    exit: wrong ? 'changes' : 'fine',
    value: { at: now, findings: sorted, ...seen },
    text: `${text}${text === '' ? '' : '\n'}${sorted.length === 0 ? 'Nothing wrong was found' : count(sorted.length, 'finding')}.\n`,
  };
}

function findingAsText(finding: Finding, now: Instant, paint: Paint): string {
  const { severity, says, subject, evidence, cause, remedy, id } = finding;
  const colour = { critical: paint.bad, warning: paint.warning, info: paint.dim }[severity];
  const lines = [
    `${colour(severity.toUpperCase())}  ${shown(says)}  ${paint.dim(`${shown(plainRef(subject))}, ${id}`)}`,
    ...evidence.map(
      (one) => `    seen   ${shown(one.says)}  (${one.source}, ${formatDuration(between(one.at, now))} ago)`,
    ),
    `    cause  ${shown(cause)}`,
    `    do     ${shown(remedy)}`,
  ];
  return `${lines.join('\n')}\n`;
}

// Notification matchers of a PBS (facts: pbs-api section 8): whoever narrows or stops one hears less.
import type { Declared } from '../../contracts/resource.ts';
import type { Found } from '../../model/observed.ts';
import type { Change } from '../../model/step.ts';
import { entriesAt } from '../../proxmox/config-entries.ts';
import { ref } from '../../values/ref.ts';
import { notBuiltIn, withBuiltIns } from '../common/built-in.ts';
import { configResource, type FieldTable, type Weight } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { flag, names, notFlag, text } from '../common/field.ts';
import { pbsList } from '../common/list-section.ts';
import { removedUnbound } from '../common/removed-unbound.ts';
import { canonicalDailyDuration, sameWords, setOf } from '../common/set-field.ts';
import { type MatcherEntry, matchers } from './pbs-notification-matcher-schema.ts';

const fields: FieldTable = {
  targets: names('target', 'repeated'),
  match_field: setOf('match-field', sameRule),
  match_severity: setOf('match-severity', sameWords),
  match_calendar: setOf('match-calendar', canonicalDailyDuration),
  mode: text('mode', {}, 'all'),
  invert: flag('invert-match'),
  enabled: notFlag('disable'),
  comment: text('comment'),
};

/** The values of an exact rule are a set; a regular expression is what it is. */
function sameRule(rule: string): string {
  const [, start, values] = /^(exact:[^=]+=)(.*)$/s.exec(rule) ?? [];
  return start === undefined || values === undefined ? rule : `${start}${sameWords(values)}`;
}

const standard = {
  ...{ targets: ['mail-to-root'], match_field: ['exact:type=prune'], match_severity: ['info'], match_calendar: [] },
  ...{ mode: 'all', invert: true, enabled: true, comment: 'Route all notifications to mail-to-root' },
};

const entries = entriesAt({
  ...{ file: 'notifications.cfg', what: 'notification matchers', folder: 'config/notifications/matchers', id: 'name' },
});

const sendsNowhere = { level: 'warning', says: 'it has no targets, so it sends nothing to anybody' } as const;

const matcher = configResource({
  name: 'pbs-notification-matcher',
  title: 'notification matcher',
  product: 'pbs',
  after: ['pbs-notification-endpoint'],
  feature: 'notification-targets',
  section: pbsList<MatcherEntry>({
    key: 'notification_matchers',
    schema: matchers,
    fields,
    more: ({ targets, enabled }, { name: server }) => ({
      needs: targets.map((target) => ref('pbs-notification-endpoint', server, target)),
      ...(enabled && targets.length === 0 ? { notes: [sendsNowhere] } : {}),
    }),
  }),
  entries,
  isOurs: notBuiltIn,
  fields,
  path: 'pbs[].notification_matchers[]',
  weigh: weighMatcher,
});

export const pbsNotificationMatcher = defineResource(
  withBuiltIns(removedUnbound(matcher, entries), { 'default-matcher': standard }, 'resets it'),
);

function weighMatcher(_declared: Declared, found: Found | undefined, changes: readonly Change[]): Weight {
  if (found === undefined && changes.length === 0) return { because: [], risk: 'adds' };
  const less = changes.filter(({ class: meaning }) => meaning === 'weakens').map(({ field }) => field);
  const because = less.length === 0 ? [] : [`messages may stay away that came until now (${less.join(', ')})`];
  return { because, risk: 'changes' };
}

// Limits of rates, sections of traffic-control.cfg (facts: pbs-api section 6).
import { type Kind, withTrimmedComment } from './section.ts';

export const trafficRule: Kind = {
  file: 'traffic-control',
  path: '/config/traffic-control',
  id: 'name',
  noun: 'rule',
  entries: ({ trafficRules }) => trafficRules,
  notFoundOn: ['DELETE'],
  kept: (given) => withTrimmedComment(given),
};

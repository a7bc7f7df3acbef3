// What a host says of its cluster, of schedules and of where its notifications go.
import { isCalendarProblem } from '../../src/values/calendar.ts';
import { nextEvent } from '../../src/values/calendar-next.ts';
import { parseCalendar } from '../../src/values/calendar-parse.ts';
import { epochSeconds, instantAt } from '../../src/values/instant.ts';
import { utc } from '../../src/values/time-zone.ts';
import { volumesOf } from './guest-config.ts';
import { answerWith, type PveCall, type PveHandlers, type PveHost, required } from './host.ts';
import { selectedGuests } from './job-selection.ts';
import { badParameters } from './refusal.ts';
import { may } from './rights.ts';
import type { Notification } from './state.ts';

/** Each host stands alone; without quorum it is one of two whose other half is gone. */
function status({ board, state: { node } }: PveHost): readonly object[] {
  const own = { id: `node/${node}`, type: 'node', name: node, ip: '127.0.0.1', local: 1, online: 1, level: '' };
  if (!board.has('no-quorum')) return [{ ...own, nodeid: 0 }];
  return [
    { id: 'cluster', type: 'cluster', name: 'lab', nodes: 2, quorate: 0, version: 2 },
    { ...own, nodeid: 1 },
    { ...own, id: `node/${node}-two`, name: `${node}-two`, ip: '127.0.0.2', nodeid: 2, local: 0, online: 0 },
  ];
}

function analysed(schedule: string, from: number, iterations: number): readonly object[] {
  const event = parseCalendar(schedule);
  if (isCalendarProblem(event)) return [];
  const found: object[] = [];
  let at = instantAt(from);
  for (let nth = 0; nth < iterations; nth += 1) {
    const next = nextEvent(event, at, utc);
    if (next === undefined) break;
    found.push({ timestamp: epochSeconds(next), utc: perlTime(epochSeconds(next)) });
    at = next;
  }
  return found;
}

/** `Tue Nov 24 02:00:00 2026` */
function perlTime(seconds: number): string {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(seconds * 1000)
    .toUTCString()
    .replace(',', '')
    .split(' ');
  return `${day} ${month} ${String(Number(date)).padStart(2, ' ')} ${time} ${year}`;
}

function includedVolumes(host: PveHost, call: PveCall): object {
  const id = required(call.params, 'id');
  const job = host.state.jobs.find((one) => one.id === id);
  if (job === undefined) throw badParameters({ id: `No such job '${id}'` });
  const children = selectedGuests(host.state, job.options).flatMap((vmid) => {
    const guest = host.state.guests.find((one) => one.vmid === vmid);
    if (guest === undefined) return [{ id: vmid, type: 'unknown' }];
    if (!may(host, call, `/vms/${vmid}`, 'VM.Audit')) return [];
    const volumes = volumesOf(guest).map(({ key, volume, included, reason }) => ({
      ...{ id: `${vmid}:${key}`, name: volume },
      ...{ included: included ? 1 : 0, reason },
    }));
    return [{ id: vmid, type: guest.type, name: guest.name, children: volumes }];
  });
  return { children };
}

const shown = ({ name, type, options }: Notification): object =>
  type === 'matcher' ? { name, ...options } : { name, type, ...pick(options, ['comment', 'disable', 'origin']) };

const pick = (options: Notification['options'], names: readonly string[]): object =>
  Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)));

export const cluster: PveHandlers = {
  'GET /cluster/status': (host) => answerWith(status(host)),
  'GET /cluster/jobs/schedule-analyze': (host, { params }) => {
    const from = params['starttime'] === undefined ? host.now() : Number(params['starttime']) * 1000;
    return answerWith(analysed(required(params, 'schedule'), from, Number(params['iterations'] ?? 10)));
  },
  'GET /cluster/backup/{id}/included_volumes': (host, call) => answerWith(includedVolumes(host, call)),
  'GET /cluster/notifications/targets': ({ state, chance }) =>
    answerWith(chance.shuffled(state.notifications.targets).map(shown)),
  'GET /cluster/notifications/matchers': ({ state, chance }) =>
    answerWith(chance.shuffled(state.notifications.matchers).map(shown)),
};

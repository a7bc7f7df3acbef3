// The machine itself: its clock, its load, its services and its journal (facts: pbs-api section 2).

import { epochSeconds, instantAt } from '../../src/values/instant.ts';
import { wallSecondsAt } from '../../src/values/time-zone-wall.ts';
import {
  answerWith,
  type Outcome,
  type PbsCall,
  type PbsHandlers,
  type PbsHost,
  required,
  secondsNow,
} from './host.ts';
import { badRequest } from './refusal.ts';
import type { ServiceState } from './state.ts';

const gib = 1024 ** 3;
const kernel = { sysname: 'Linux', release: '6.17.2-1-pve', version: '#1 SMP PREEMPT_DYNAMIC', machine: 'x86_64' };

function status({ fingerprint = '' }: PbsHost): Outcome {
  return answerWith({
    ...{ cpu: 0.03, wait: 0.01, loadavg: [0.21, 0.18, 0.15], uptime: 864_000 },
    memory: { total: 16 * gib, used: 5 * gib, free: 11 * gib },
    swap: { total: 4 * gib, used: 0, free: 4 * gib },
    root: { total: 64 * gib, used: 9 * gib, avail: 55 * gib },
    kversion: `${kernel.sysname} ${kernel.release} ${kernel.version}`,
    'current-kernel': kernel,
    cpuinfo: { model: 'Simulated CPU', sockets: 1, cpus: 8 },
    'boot-info': { mode: 'efi', secureboot: false },
    info: { fingerprint },
  });
}

function time(host: PbsHost): Outcome {
  const { timeZone } = host.state;
  const now = secondsNow(host);
  const localtime = Math.floor(wallSecondsAt(epochSeconds(instantAt(now * 1000)), timeZone));
  return answerWith({ timezone: timeZone, time: now, localtime });
}

const shown = ({ id, description, running, enabled }: ServiceState) => ({
  service: id,
  name: id,
  desc: description,
  state: running ? 'running' : 'dead',
  'unit-state': enabled ? 'enabled' : 'disabled',
});

function serviceState(host: PbsHost, call: PbsCall): Outcome {
  const id = required(call.params, 'service').replace(/\.service$/, '');
  const found = host.state.services.find((service) => service.id === id);
  if (found === undefined) throw badRequest(`unknown service name '${id}'`);
  return answerWith(shown(found));
}

/** Lines between two cursors, as the journal's own reader gives them. */
function journal({ state }: PbsHost, { params }: PbsCall): Outcome {
  const since = Number(params['since'] ?? 0);
  const until = Number(params['until'] ?? Number.MAX_SAFE_INTEGER);
  const numbered = state.journal.map(({ time: at, line }, index) => ({ at, line, index }));
  const after = indexIn(params['startcursor']) ?? -1;
  const before = indexIn(params['endcursor']) ?? numbered.length;
  const inTime = numbered.filter(({ at, index }) => at >= since && at <= until && index > after && index < before);
  const count = params['lastentries'];
  const lines = count === undefined ? inTime : inTime.slice(Math.max(inTime.length - Number(count), 0));
  const [first, last] = [lines.at(0), lines.at(-1)];
  if (first === undefined || last === undefined) return answerWith([]);
  return answerWith([cursor(first.index), ...lines.map(({ line }) => line), cursor(last.index)]);
}

const cursor = (index: number): string => `s=0;i=${index.toString(16)}`;
function indexIn(given: unknown): number | undefined {
  const [, index] = /;i=([0-9a-f]+)$/.exec(String(given ?? '')) ?? [];
  return index === undefined ? undefined : Number.parseInt(index, 16);
}

export const node: PbsHandlers = {
  'GET /nodes/{node}/identity': ({ state }) => answerWith({ 'pbs-instance-id': state.instanceId }),
  'GET /nodes/{node}/status': status,
  'GET /nodes/{node}/time': time,
  'GET /nodes/{node}/services': (host) => answerWith(host.chance.shuffled(host.state.services).map(shown)),
  'GET /nodes/{node}/services/{service}/state': serviceState,
  'GET /nodes/{node}/journal': journal,
};

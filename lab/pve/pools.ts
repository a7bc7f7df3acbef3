// /pools: who is in which pool.
import { answerWith, type PveCall, type PveHandlers, type PveHost, required, text } from './host.ts';
import { died } from './refusal.ts';
import { may, need } from './rights.ts';
import type { Pool } from './state.ts';

function poolOf({ state }: PveHost, id: string): Pool {
  const pool = state.pools.find((one) => one.id === id);
  if (pool === undefined) throw died(`pool '${id}' does not exist`);
  return pool;
}

/** Members that somebody may not see are left out without a word. */
function membersOf(host: PveHost, call: PveCall, { members }: Pool): readonly object[] {
  const { guests, node } = host.state;
  const type = text(call.params, 'type');
  return members.flatMap((vmid) => {
    const guest = guests.find((one) => one.vmid === vmid);
    if (guest === undefined || !may(host, call, `/vms/${vmid}`, 'VM.Audit')) return [];
    if (type !== undefined && type !== guest.type) return [];
    return [{ id: `${guest.type}/${vmid}`, vmid, node, type: guest.type, name: guest.name, status: guest.status }];
  });
}

const comment = (pool: Pool): object => (pool.comment === '' ? {} : { comment: pool.comment });

export const pools: PveHandlers = {
  'GET /pools': (host, call) => {
    const wanted = text(call.params, 'poolid');
    if (wanted === undefined) {
      const seen = host.state.pools.filter(({ id }) => may(host, call, `/pool/${id}`, 'Pool.Audit'));
      return answerWith(host.chance.shuffled(seen).map((pool) => ({ poolid: pool.id, ...comment(pool) })));
    }
    need(host, call, `/pool/${wanted}`, 'Pool.Audit');
    const pool = poolOf(host, wanted);
    return answerWith([{ poolid: pool.id, ...comment(pool), members: membersOf(host, call, pool) }]);
  },
  'GET /pools/{poolid}': (host, call) => {
    const pool = poolOf(host, required(call.params, 'poolid'));
    return answerWith({ ...comment(pool), members: membersOf(host, call, pool) });
  },
};

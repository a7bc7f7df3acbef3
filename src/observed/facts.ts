// How each fact is fetched: one call, read tolerantly.
import type { FactTypes, GuestSeen, SnapshotSeen } from '../model/fact-types.ts';
import type { Ask, AskOf, FactName } from '../model/facts.ts';
import { type CallOptions, type ProxmoxApi, path } from '../proxmox/api.ts';
import { flag, isRow, name, type Row, row, rows, text, whole } from '../proxmox/decode.ts';
import { guests } from '../proxmox/pve.ts';
import { parseTimeZone, utc } from '../values/time-zone.ts';

type Fetchers = {
  readonly [Name in FactName]: (
    api: ProxmoxApi,
    ask: AskOf<Name>,
    options: CallOptions,
  ) => Promise<FactTypes[Name]['answer']>;
};

const fetchers: Fetchers = {
  guests: async (api, _, options) =>
    (await guests(api, options)).map(
      ({ vmid, kind, node, name: called, status, template, pool }): GuestSeen => ({
        ...{ vmid, type: kind, node, name: called ?? '', status, template, pool },
      }),
    ),
  snapshots: async (api, { store, namespace }, options) => {
    const params = namespace === '' ? {} : { ns: namespace };
    const { data } = await api.get(path`/admin/datastore/${store}/snapshots`, params, options);
    return rows(api, 'snapshots', data).map((one) => snapshotIn(api, one));
  },
  'time-zone': async (api, _, options) => {
    const { data } = await api.get(path`/nodes/localhost/time`, {}, options);
    const zone = text(row(api, 'time', data)['timezone']);
    return zone === undefined ? utc : (parseTimeZone(zone) ?? utc);
  },
};

function snapshotIn(api: ProxmoxApi, raw: Row): SnapshotSeen {
  const { verification } = raw;
  const state = isRow(verification) ? text(verification.state) : undefined;
  return {
    type: name(api, 'snapshots', raw, 'backup-type'),
    id: name(api, 'snapshots', raw, 'backup-id'),
    time: whole(raw['backup-time']) ?? 0,
    // Without a manifest there is no size: the backup is at work, or broke off (facts: pbs-api section 4).
    finished: raw.size !== undefined,
    protected: flag(raw.protected),
    owner: text(raw.owner) ?? '',
    size: whole(raw.size),
    verified: state === 'ok' || state === 'failed' ? state : undefined,
  };
}

/** Rejects as every call does. */
export const answerTo = (api: ProxmoxApi, ask: Ask, options: CallOptions): Promise<unknown> =>
  // The name chooses the type of both, which the compiler cannot follow through the union.
  (fetchers[ask.fact] as (api: ProxmoxApi, ask: Ask, options: CallOptions) => Promise<unknown>)(api, ask, options);

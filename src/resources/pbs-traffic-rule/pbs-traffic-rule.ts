// Traffic control of a PBS (facts: pbs-api section 6). A rate comes back in the unit it was given, so rates are bytes here.
import { Fault } from '../../fault.ts';
import type { Found } from '../../model/observed.ts';
import { type ProxmoxApi, path } from '../../proxmox/api.ts';
import { type ConfigEntries, entriesAt, listEntries } from '../../proxmox/config-entries.ts';
import { row } from '../../proxmox/decode.ts';
import { same } from '../common/compare.ts';
import { configResource, type FieldTable, heldIn } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { names, size, text } from '../common/field.ts';
import { pbsList } from '../common/list-section.ts';
import { canonicalDailyDuration, setOf } from '../common/set-field.ts';
import { type TrafficRuleEntry, trafficRules } from './pbs-traffic-rule-schema.ts';

const fields: FieldTable = {
  networks: names('network', 'repeated', { undeletable: true }),
  rate_in: size('rate-in'),
  rate_out: size('rate-out'),
  burst_in: size('burst-in'),
  burst_out: size('burst-out'),
  timeframes: setOf('timeframe', canonicalDailyDuration),
  users: names('users', 'repeated', { feature: 'traffic-rules-by-user' }),
  comment: text('comment'),
};

const entries = entriesAt({
  ...{ file: 'traffic-control.cfg', what: 'traffic rules', folder: 'config/traffic-control', id: 'name' },
});

const rule = configResource({
  name: 'pbs-traffic-rule',
  title: 'traffic rule',
  product: 'pbs',
  section: pbsList<TrafficRuleEntry>({ key: 'traffic_control', schema: trafficRules, fields }),
  entries,
  fields,
  path: 'pbs[].traffic_control[]',
});

/** The list of the file wants the right to change it. The one that shows what flows now does not, and has no digest. */
const running: ConfigEntries = { ...entries, collection: path`/admin/traffic-control` };

export const pbsTrafficRule = defineResource({
  ...rule,
  read: async (api, { signal }) => {
    const { entries: listed } = await listEntries(api, running, { signal });
    return { found: listed.map(({ name, raw }) => ({ name, value: heldIn(fields, raw) })) };
  },
  update: async (api, wanted, found, options) => {
    const digest = await stillAsFound(api, found, options.signal);
    return rule.update(api, wanted, found, { ...options, digest });
  },
  remove: async (api, found, options) => {
    const digest = await stillAsFound(api, found, options.signal);
    await rule.remove(api, found, { ...options, digest });
  },
});

/** The digest of the very reading in which the rule is as it was found. */
async function stillAsFound(api: ProxmoxApi, { name, value }: Found, signal: AbortSignal): Promise<string | undefined> {
  const { data, digest } = await api.get(entries.entry(name), {}, { signal });
  if (same(heldIn(fields, row(api, 'a traffic rule', data)), value)) return digest;
  throw new Fault('changed-meanwhile', {
    where: `${name} on ${api.name}`,
    says: 'somebody changed it after it was looked at',
    remedy: 'make a new plan and look at it',
  });
}

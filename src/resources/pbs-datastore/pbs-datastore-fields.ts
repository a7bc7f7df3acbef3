// A datastore in the estate's words and in PBS's (facts: pbs-api section 3). Property strings come back as they were stored,
// so they are compared key by key.
import { type Row, text as textOf } from '../../proxmox/decode.ts';
import type { Json } from '../../values/canonical.ts';
import { isNothing } from '../common/compare.ts';
import type { FieldTable } from '../common/config-resource.ts';
import { type Field, flag, mapped, number, properties, size, text, tidy, unlessStandard } from '../common/field.ts';

type Mapping = Readonly<Record<string, Json>>;

const device = text('backing-device');
const removable: Field = {
  params: device.params,
  standard: {},
  ...{ fixed: true, feature: 'removable-datastores' },
  from: (row) => tidy({ device: String(device.from(row)).toLowerCase() }, { device }),
  to: (value) => device.to((value as Mapping)['device'] ?? ''),
};

/** `type=s3,client=ID,bucket=B`; the type may also stand bare, and is `filesystem` for all others. */
const s3 = mapped(
  properties(
    'backend',
    {
      type: { ...text('type'), from: (row: Row) => textOf(row['type'] ?? row['']) ?? '' },
      endpoint: text('client'),
      bucket: text('bucket'),
      max_cache_size: size('max-cache-size'),
    },
    { fixed: true, feature: 's3-datastores' },
  ),
  (value) => (isNothing(value) ? {} : { ...(value as Mapping), type: 's3' }),
  (value) => {
    const { type, ...rest } = value as Mapping;
    return type === 's3' ? rest : {};
  },
);

const modes: readonly unknown[] = ['read-only', 'offline'];

// PBS decodes percent signs in the message when it shows it, so one that is meant as such is written as %25.
const message: Field = {
  ...text('message'),
  from: (row) => decoded(textOf(row['message']) ?? ''),
  to: (value) => (isNothing(value) ? {} : { message: quoted(String(value).replaceAll('%', '%25')) }),
};

const quoted = (said: string): string => `"${said.replace(/["\\]/g, '\\$&')}"`;

/** What would be more than one line stays as it is stored: an estate's message is one. */
function decoded(said: string): string {
  try {
    const plain = decodeURIComponent(said);
    return /\p{Cc}/u.test(plain) ? said : plain;
  } catch {
    return said;
  }
}

/** `delete`, `unmount` and `s3-refresh` are PBS's own, while it works on it; they pass by themselves. */
const maintenance = mapped(
  properties('maintenance-mode', { mode: text('type'), message }, { defaultKey: 'type' }),
  (value) => value,
  (value) => (modes.includes((value as Mapping)['mode']) ? value : {}),
);

const user = text('notify-user');
const kinds = properties('notify', {
  gc: text('gc'),
  verify: text('verify'),
  sync: text('sync'),
  prune: text('prune'),
});
const notify: Field = {
  params: [...user.params, ...kinds.params],
  standard: {},
  from: (row) => ({ ...tidy({ user: user.from(row) }, { user }), ...(kinds.from(row) as Mapping) }),
  to: (value) => ({ ...user.to((value as Mapping)['user'] ?? ''), ...kinds.to(value) }),
};

const usual = (param: string, standard: string | number): Field =>
  unlessStandard(typeof standard === 'number' ? number(param, standard) : text(param, {}, standard));

const tuning = properties('tuning', {
  chunk_order: usual('chunk-order', 'inode'),
  sync_level: usual('sync-level', 'filesystem'),
  gc_atime_safety_check: flag('gc-atime-safety-check', true),
  gc_atime_cutoff: usual('gc-atime-cutoff', 1445),
  gc_cache_capacity: usual('gc-cache-capacity', 1_048_576),
  default_verification_workers: usual('default-verification-workers', 4),
  default_verification_readers: usual('default-verification-readers', 1),
});

const counting = { feature: 's3-request-counters' } as const;

/** Where it lies: given to it once, and never changed. */
export const place: FieldTable = {
  path: mapped(
    text('path', { fixed: true }),
    (path) => path,
    (path) => String(path).replace(/(?<=.)\/+$/, ''),
  ),
  removable,
  s3,
};

export const fields: FieldTable = {
  ...place,
  comment: text('comment'),
  gc: text('gc-schedule'),
  gc_on_unmount: flag('gc-on-unmount', false, { feature: 'gc-on-unmount' }),
  verify_new: flag('verify-new'),
  maintenance,
  notify,
  // Where nothing is set PBS 3 sends mail, and PBS 4 uses its notification system.
  notification_mode: text('notification-mode', { feature: 'notification-targets' }),
  tuning,
  notification_thresholds: properties(
    'notification-thresholds',
    {
      s3_get: number('s3-get'),
      s3_put: number('s3-put'),
      s3_post: number('s3-post'),
      s3_head: number('s3-head'),
      s3_delete: number('s3-delete'),
      s3_upload: size('s3-upload'),
      s3_download: size('s3-download'),
    },
    counting,
  ),
  counter_reset_schedule: text('counter-reset-schedule', counting),
};

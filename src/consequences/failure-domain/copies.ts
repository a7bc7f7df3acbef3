// The sync jobs by which backups get a second and a third copy, as they will be when the plan is carried out.
import type { Look } from '../../contracts/consequence.ts';
import type { Fields } from '../../contracts/resource.ts';
import type { PbsServer } from '../../model/estate.ts';
import { configured, textOf } from '../compare/configured.ts';
import { hostOf } from './places.ts';

export type Copy = Readonly<{
  from: Place;
  to: Place;
  /** into a bucket */
  isS3: boolean;
  /** the host on whose disks both lie; undefined where they are apart, or nobody can tell */
  together: string | undefined;
}>;
/** `pbs` is undefined where the estate does not have that PBS. */
type Place = Readonly<{ pbs: PbsServer | undefined; store: string }>;

/** Those that run by schedule. */
export function copiesIn(look: Look): readonly Copy[] {
  const remotes = new Map(
    configured(look, 'pbs-remote').flatMap(({ server, name, after }) =>
      after === undefined ? [] : [[`${server} ${name}`, pbsAt(look, after)] as const],
    ),
  );
  const named = new Map(look.estate.pbs.map((pbs) => [pbs.name, pbs]));
  const buckets = new Set(
    configured(look, 'pbs-datastore').flatMap(({ server, name, after }) =>
      isInBucket(after) ? [`${server} ${name}`] : [],
    ),
  );
  return configured(look, 'pbs-sync-job').flatMap(({ server, after }) => {
    if (after === undefined || textOf(after['schedule']) === '') return [];
    const here: Place = { pbs: named.get(server), store: textOf(after['store']) };
    const remote = textOf(after['remote']);
    const there: Place = {
      pbs: remote === '' ? here.pbs : remotes.get(`${server} ${remote}`),
      store: textOf(after['remote_store']),
    };
    const [from, to] = after['direction'] === 'push' ? [here, there] : [there, here];
    const isS3 = buckets.has(`${to.pbs?.name} ${to.store}`);
    return [{ from, to, isS3, together: isS3 ? undefined : sharedHost(from, to) }];
  });
}

function sharedHost(from: Place, to: Place): string | undefined {
  const [one, other] = [from, to].map(({ pbs, store }) => pbs && (hostOf(pbs, store) ?? pbs.name));
  return one === other ? one : undefined;
}

const isInBucket = (datastore: Fields | undefined): boolean => {
  const s3 = datastore?.['s3'];
  return typeof s3 === 'object' && s3 !== null && Object.keys(s3).length > 0;
};

const pbsAt = ({ estate }: Look, { host, port }: Fields): PbsServer | undefined =>
  estate.pbs.find(({ url }) => {
    const parsed = URL.parse(url);
    const wanted = `${textOf(host)
      .toLowerCase()
      .replace(/^\[(.*)\]$/, '$1')} ${textOf(port ?? 8007)}`;
    return parsed !== null && `${parsed.hostname.replace(/^\[(.*)\]$/, '$1')} ${parsed.port || '443'}` === wanted;
  });

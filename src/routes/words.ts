// Sources, targets and places in words.
import type { GuestSelection, RouteSource, RouteTarget } from '../model/route.ts';
import { type Ref, ref } from '../values/ref.ts';
import type { Apart } from './place.ts';

export function sourceText(source: RouteSource): string {
  switch (source.what) {
    case 'folder':
      return `the folder ${source.at} on ${source.on}`;
    case 'file':
      return `${source.at} on ${source.on}`;
    case 'volumes':
      return `the volumes ${source.named} of ${source.in} on ${source.on}`;
    case 'host':
      return `the machine ${source.on}`;
    case 'firewall':
      return `the firewall ${source.on}`;
    case 'databases':
      return `${source.of}, reached from ${source.on}`;
    case 'guests':
      return `${selectionText(source.select)} of ${source.on}${source.node === undefined ? '' : `, on its node ${source.node}`}`;
    case 'datastore':
      return `the datastore ${source.at} of ${source.on}`;
    case 'points':
      return `the points of ${source.of}`;
  }
}

function selectionText(select: GuestSelection): string {
  if (select === 'all') return 'all guests';
  if ('all_but' in select) return `all guests but ${select.all_but.join(', ')}`;
  return 'guests' in select ? `the guests ${select.guests.join(', ')}` : `the guests in the pool ${select.pool}`;
}

export function targetText(target: RouteTarget): string {
  switch (target.what) {
    case 'folder':
      return `${target.at} on ${target.on}`;
    case 'remote':
      return target.at;
    case 'volumes':
      return `snapshots in ${target.in} on ${target.on}`;
    case 'datastore':
      return target.on === undefined ? `the datastore ${target.at}` : `the datastore ${target.at} of ${target.on}`;
    case 'storage':
      return `the storage ${target.at} of ${target.on}`;
  }
}

/** Where a copy stands, seen from its original. */
export const apartText: Readonly<Record<Apart, string>> = {
  'another site': 'at another site',
  'another host': 'on another host',
  'another disk': 'on another disk of the same host',
  'the same host': 'on the same host',
  'the same disk': 'on the same disk',
  unknown: 'where it stands is not declared',
};

/** What carries, as notes name it: `layer/photos`, `backup-job/nightly`. */
export const carrierRef = ({ kind, carrier }: Readonly<{ kind: string; carrier: string }>): Ref =>
  ref(kind === 'backup job' || kind === 'sync job' ? kind.replace(' ', '-') : 'layer', carrier);

// Why a transfer did not come to its end, as rsync(1) numbers it.
import { Fault } from '../../fault.ts';
import { cut, shown } from '../../values/text.ts';
import { fullOr } from '../common/records.ts';
import type { Rsynced } from '../common/rsync/between.ts';

export function sendingFailed(where: string, folder: string, { exitCode, words }: Rsynced): Fault {
  // The figures of a transfer come first where they were asked for; what went wrong stands behind them.
  const says = cut(shown(words.replace(/^.*?(?=rsync: |rsync error|\S*rrsync error|cannot )/s, '')), 500);
  const fault = new Fault(exitCode === 12 || exitCode === 30 ? 'offsite-cut-off' : 'offsite-not-sent', {
    where: shown(`${where}:${folder}`),
    says: `${meaning.get(exitCode) ?? 'rsync failed'}: ${says}`,
    remedy:
      'see the other end (its disk, its network, what its key allows), then run it again: what is missing is sent then',
  });
  return fullOr(fault, words, folder);
}

const meaning = new Map([
  [1, 'the other end refused it'],
  [11, 'a file could not be written or read'],
  [12, 'the other end left in the middle'],
  [23, 'not everything was brought over'],
  [24, 'something vanished from a sealed point while it was read'],
  [30, 'nothing came any more'],
]);

// What it means that a login ends, or works again: whoever uses it, a storage of PVE or a sync job, fails or goes on.
import type { Declared } from '../../contracts/resource.ts';
import type { Found } from '../../model/observed.ts';
import type { Change } from '../../model/step.ts';
import type { Weight } from './config-resource.ts';

/** @param who whose logins end with it, as in a sentence: `it and its tokens` */
export const weighLogin =
  (who: string) =>
  (_declared: Declared, found: Found | undefined, changes: readonly Change[]): Weight => {
    if (found === undefined) return { because: [], risk: 'adds' };
    const ends = changes.some(({ field, to }) => field === 'enabled' && to === false);
    if (!ends) return { because: [], risk: 'changes' };
    return { because: [`${who} can no longer log in: backups and syncs that use it fail`], risk: 'interrupts' };
  };

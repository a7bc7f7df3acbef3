// Jobs of a datastore need no id in the estate where there is only one of their kind.
import { digestOfText } from '../../values/canonical.ts';

// PBS takes no longer one (facts: pbs-api section 1).
const longestId = 32;

export function jobId(given: string | undefined, datastore: string, index: number): string {
  const whole = given ?? `holdfast-${datastore}${index === 0 ? '' : `-${index + 1}`}`;
  return whole.length <= longestId ? whole : `${whole.slice(0, longestId - 9)}-${digestOfText(whole).slice(0, 8)}`;
}

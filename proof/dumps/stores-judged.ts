// 3.7 What Redis and etcd promise alike of keys that went away: mission rule 10.
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { heldIn, live, newest, runOf, type StorePlace, saysOf } from './stores.ts';

type Loss = Readonly<{ what: string; lose(): unknown; says: RegExp }>;

/** Points of nothing must not take the place of the last that had something. @param filled a place of its own each time, the store as at first */
export async function proveGone(report: Report, filled: () => StorePlace, losses: readonly Loss[]): Promise<void> {
  for (const { what, lose, says } of losses) {
    const place = filled();
    await place.estate.type(...runOf(place));
    const good = newest(place);
    lose();
    const nights = [];
    for (let night = 0; night < 3; night += 1) nights.push(await place.estate.type(...runOf(place)));
    report.row(
      `3.7 ${what}: each night says so, and the last good point is held against retention`,
      nights[0]?.command ?? '',
      'the words, ls of the points',
      (nights.every((one) => one.status === 3 && says.test(saysOf(one))) && heldIn(place).includes(good)) ||
        seen(...nights),
    );
    const back = await place.estate.type(...live(good));
    const calm = await place.estate.type(...runOf(place));
    report.control(`a suspicion that never ends (${what})`, back.status === 0 && calm.status === 0);
    place.estate.close();
  }
}

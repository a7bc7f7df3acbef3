// Where one point of a firewall is made.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { givenOf } from '../common/given.ts';
import { pointPlace } from '../common/points/sealing.ts';
import { takeGiven } from './given.ts';

export function placed(context: StepContext) {
  const given = givenOf(takeGiven, context.step);
  const { entry, id, sort } = given;
  const place = pointPlace(context, entry, id, sort);
  // What is to be encrypted never lies on the disk of the points as it is.
  const secret = join(entry.staging, `holdfast-${context.run}-${entry.name}-${sort}`);
  const desk = entry.encrypt_to === undefined ? place.work : secret;
  const out = entry.encrypt_to === undefined ? place.partial : join(secret, 'out');
  return { ...given, place, secret, out, tree: join(desk, 'tree'), sorting: join(desk, 'sorting') };
}
export type Taking = ReturnType<typeof placed>;

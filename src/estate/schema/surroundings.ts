// Where things stand and where commands run: failure domains and machines.
import * as z from 'zod';
import { entryName } from '../../contracts/layer-entry.ts';

export const place = z
  .strictObject({
    site: entryName.describe('a building, a flat, a data centre: what burns together'),
    hosts: z.array(entryName).min(1).describe('the hosts that stand there'),
  })
  .describe('a failure domain');

export const machine = z
  .strictObject({
    name: entryName.describe('how layers call it'),
    local: z
      .literal(true, { error: 'can only be true; machines are local so far' })
      .describe('`true`: the machine Holdfast runs on'),
  })
  .describe('a machine where layers run');

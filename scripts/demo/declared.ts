// The servers as their owner wants them: written down, looked at, corrected, carried out, and carried out again.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Simulated } from './simulated.ts';
import type { Teller } from './teller.ts';
import { othersBegin, prunedByHost, wish, wishesBegin, withoutThePbs } from './wish.ts';

const steps = /^ {2}[+~-](?:\/\+)? /;

export function declared({ chapter, say, type, show, demand }: Teller, { folder, server, writes }: Simulated): void {
  const estate = join(folder, 'estate.yaml');
  chapter('What should be there?');
  say(
    'The owner wants this: every night at two, each host backs up all its guests to pbs-pihanga, into a compartment (namespace) of its own; seven days, three months and a year of it are kept, and every Saturday it is checked that they can still be read.',
  );
  const first = wish(server);
  writeFileSync(estate, first);
  show(first.slice(first.indexOf(wishesBegin), first.indexOf(othersBegin)));
  show('[here: the same for pihanga and hikurangi; and above: how the four servers are reached]');
  show(first.slice(first.indexOf('\nbackup_jobs:') + 1));
  say('First the file alone: a misspelt word or a missing secret shows here, with its line.');
  type(['validate', '--offline']);

  say('Then the plan: what would change, and what that means for your backups. Two of its lines are worth the visit.');
  const plan = type(['plan'], {
    only: [steps, /means.*become prunable/, /warning.*takes guest 101/, /^\d+ to create/],
  });
  const [, doomed, all] = /(\d+) of (\d+) snapshots become prunable/.exec(plan) ?? [];
  demand(Number(doomed) > 0, `${doomed} of ${all} old backups would go as soon as the new rule first runs`);
  demand(
    /takes guest 101, which is the PBS/.test(plan),
    'the PBS would be backed up into itself, and frozen meanwhile',
  );

  say(
    'Both are put right in the file: the rule is for the new compartments alone, and the PBS is left out on its host.',
  );
  const mended = withoutThePbs(prunedByHost(first));
  writeFileSync(estate, mended);
  show(changed(first, mended));
  say('The plan again, kept in a file this time, so that exactly what was looked at is carried out.');
  const better = type(['plan', '--out', 'tonight.json'], {
    only: [/^ {2}\+ create prune/, /no snapshot yet/, /^\d+ to create/, /^Written/],
  });
  demand(!/become prunable|takes guest 101/.test(better), 'no old backup goes, and the PBS is not in its own job');
  demand(writes() === 0, 'up to now no server was changed');

  say('Carried out: each step is read back from its server before it counts as done.');
  type(['apply', 'tonight.json', '--yes'], { only: [/^ {2}✓/, /^Run /] });
  say('Are they right, seen from here and from each host? Name, port, encryption, certificate, login, rights:');
  const valid = type(['validate'], { only: [/^[┌│├└]/, / is valid: /] });
  demand(/3 storages and 4 servers/.test(valid), 'all of them, and nothing failed');

  chapter('Once more');
  say('A second apply finds nothing to do. So it can run every day, and only ever repairs.');
  const before = writes();
  type(['apply', '--yes'], { only: [/as declared\.$/, /^Nothing was done/] });
  demand(writes() === before, 'the request log of the servers has not one write more');
}

/** What was taken out of a text and what came in, line by line. */
function changed(from: string, to: string): string {
  const [before, after] = [from.split('\n'), to.split('\n')];
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ].join('\n');
}

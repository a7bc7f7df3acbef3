// Who has the database open, as far as the machine of the data can see: containers and pods of its own kernel among them.
import { join } from 'node:path';
import type { Machine } from '../../machines/machine.ts';
import { minutes } from '../../values/duration.ts';
import { must } from '../common/commands.ts';
import { database } from './names.ts';

/**
 * By device and inode, so that it is found whatever the path is called in the mount namespace of a container. What comes and goes
 * meanwhile is passed over.
 */
const script = `
my @file = stat($ARGV[0]) or exit 0; my %seen;
for my $open (glob '/proc/[0-9]*/fd/*') {
  my @of = stat($open) or next;
  next unless $of[0] == $file[0] && $of[1] == $file[1];
  print "$1\\n" if $open =~ m{^/proc/(\\d+)/} && !$seen{$1}++;
}`;

export async function holdersOf(machine: Machine, data: string, signal: AbortSignal): Promise<readonly string[]> {
  const argv = ['perl', '-e', script, '--', join(data, database)] as const;
  const { stdout } = await must(machine, argv, { signal, deadline: minutes(2) });
  return stdout.split('\n').filter((pid) => pid !== '');
}

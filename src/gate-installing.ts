// A gate is installed by another way in than itself: with the machine's own `key`, or on this very machine.
import type { Estate, MachineEntry } from './model/estate.ts';

export const installedBy = (estate: Estate, machine: string, here: boolean): Estate => ({
  ...estate,
  machines: estate.machines.map((entry) => (entry.name === machine ? otherWay(entry, here) : entry)),
});

function otherWay(entry: MachineEntry, here: boolean): MachineEntry {
  if (here) return { name: entry.name, local: true };
  if (!('ssh' in entry)) return entry;
  const { gate: _, ...ssh } = entry.ssh;
  return { name: entry.name, ssh };
}

// A machine in QEMU takes minutes for what a real one does in seconds. CI tries one case of each sort on it; the proof of the layers
// runs the very same files with `HOLDFAST_SWEEP=whole`, and tries them all.
export const sweep = process.env['HOLDFAST_SWEEP'] === 'whole';

/** All cases in the sweep, the first ones in CI: put the one that would hurt most first. */
export const someOf = <Case>(count: number, cases: readonly Case[]): readonly Case[] =>
  sweep ? cases : cases.slice(0, count);

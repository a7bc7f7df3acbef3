// What may be done at the same time in one volume group. LVM does one thing after another by itself (its lock); two lanes let
// the next command begin while the last one writes. Whatever needs the volume group for itself takes both.

/** @param nth which of the two: any number, such as the place in a list */
export const oneLane = (machine: string, vg: string, nth: number): readonly string[] => [
  `${machine}:lvm:${vg}:${nth % 2}`,
];

export const allLanes = (machine: string, vg: string): readonly string[] =>
  [0, 1].flatMap((nth) => oneLane(machine, vg, nth));

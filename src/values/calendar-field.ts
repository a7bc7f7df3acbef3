// One field of a calendar event: which years, months, days, hours, minutes or seconds it lists.

/** `from`, and from there every `step` up to `to`; without `to` the step runs on, beyond the field's last value too. */
export type Item = Readonly<{ from: number; to?: number; step: number }>;

/** No item at all stands for `*`: every value. */
export type Field = readonly Item[];

export type FieldName = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

/** `highest` is the highest number that may be written, `base` where the steps of `*` + `/n` begin. */
export const bounds: Readonly<Record<FieldName, Readonly<{ base: number; highest: number }>>> = {
  year: { base: 0, highest: 2199 },
  month: { base: 1, highest: 12 },
  day: { base: 1, highest: 31 },
  hour: { base: 0, highest: 23 },
  minute: { base: 0, highest: 59 },
  second: { base: 0, highest: 59 },
};

export const only = (value: number): Field => [{ from: value, to: value, step: 1 }];

const itemHas = (item: Item, value: number): boolean =>
  value >= item.from && value <= (item.to ?? value) && (value - item.from) % item.step === 0;

export const fieldHas = (field: Field, value: number): boolean =>
  field.length === 0 || field.some((item) => itemHas(item, value));

function nextOfItem(item: Item, value: number): number | undefined {
  if (value < item.from) return item.from;
  const next = item.from + (Math.floor((value - item.from) / item.step) + 1) * item.step;
  return next <= (item.to ?? next) ? next : undefined;
}

/**
 * The next listed value above this one. An open step (`0/25`) goes on beyond the field's last value, as it does in Proxmox:
 * minute 75 is a quarter past in the next hour, and what that hour lists before it is passed over.
 */
export function nextListed(field: Field, value: number): number | undefined {
  let lowest: number | undefined;
  for (const item of field) {
    const next = nextOfItem(item, value);
    if (next !== undefined && (lowest === undefined || next < lowest)) lowest = next;
  }
  return lowest;
}

// The six rules of retention, in the order Proxmox applies them, and the stretch of time in which each keeps one point.
import { type CalendarDate, dateOfDay, formatDay, formatIsoWeek, weekOfDay } from './calendar-date.ts';

export const retentionRules = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type RetentionRule = (typeof retentionRules)[number];

export type StretchRule = Exclude<RetentionRule, 'last'>;

type Stretch = Readonly<{
  /** the same for two moments in the same stretch, from wall seconds (time-zone-wall.ts) */
  id: (wallSeconds: number) => number;
  label: (wallSeconds: number) => string;
}>;

const dayOf = (wallSeconds: number): number => Math.floor(wallSeconds / 86_400);
const hourOf = (wallSeconds: number): number => Math.floor(wallSeconds / 3600);

const monthOf = ({ year, month }: CalendarDate): number => year * 12 + month;

/** `last` is missing: each point is its own. The hour that clocks repeat in autumn is one hour, as on the server. */
export const stretches: Readonly<Record<StretchRule, Stretch>> = {
  hourly: {
    id: hourOf,
    label: (wall) => `${formatDay(dayOf(wall))} ${String(hourOf(wall) - dayOf(wall) * 24).padStart(2, '0')}:00`,
  },
  daily: { id: dayOf, label: (wall) => formatDay(dayOf(wall)) },
  weekly: { id: (wall) => weekOfDay(dayOf(wall)), label: (wall) => formatIsoWeek(dayOf(wall)) },
  monthly: {
    id: (wall) => monthOf(dateOfDay(dayOf(wall))),
    label: (wall) => formatDay(dayOf(wall)).slice(0, -3),
  },
  yearly: { id: (wall) => dateOfDay(dayOf(wall)).year, label: (wall) => String(dateOfDay(dayOf(wall)).year) },
};

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CalendarEvent, isCalendarProblem } from './calendar.ts';
import { type CalendarTrap, calendarLint } from './calendar-lint.ts';
import { parseCalendar } from './calendar-parse.ts';

const eventOf = (text: string): CalendarEvent => {
  const read = parseCalendar(text);
  assert.ok(!isCalendarProblem(read), text);
  return read;
};
const trapsOf = (text: string): readonly CalendarTrap[] => calendarLint(eventOf(text)).map(({ trap }) => trap);
const saidOf = (text: string): string =>
  calendarLint(eventOf(text))
    .map(({ says }) => says)
    .join('\n');

describe('traps of calendar events', () => {
  it('warns where an hour would be read as a minute, and tells how midnight is written', () => {
    assert.deepEqual(trapsOf('24:00'), ['hour-read-as-minute']);
    assert.match(saidOf('24:00'), /minute 24 .* every hour; midnight is 00:00/);
    assert.deepEqual(trapsOf('12'), ['lone-minute']);
    assert.match(saidOf('8..17'), /the hour is written 8\.\.17:00/);
  });

  it('warns of steps that lose their first values, and names the form that keeps them', () => {
    assert.deepEqual(trapsOf('*:0/25'), ['uneven-step']);
    assert.match(saidOf('*:0/25'), /minute 0 is passed over; 0\.\.59\/25 keeps it/);
    assert.match(
      saidOf('*-*/7'),
      /beyond a month of 30 or 31 days: day 1 of the next is passed over; 1\.\.31\/7 keeps it/,
    );
    assert.match(saidOf('*/5-1'), /month 1 is passed over; 1\.\.12\/5 keeps it/);
    for (const text of ['*:0..59/25', '*-1..31/7', '1..12/5-1']) assert.deepEqual(trapsOf(text), [], text);
  });

  it('does not warn of a loss that the next day, hour or month cannot have', () => {
    for (const text of ['mon,wed */5:00', '*-1,3 */5:00', '8,10:0/25', '2027-*/5-1'])
      assert.deepEqual(trapsOf(text), [], text);
    for (const text of ['mon,tue */5:00', 'sun,mon */5:00', '*-1,2 */5:00', '8,9:0/25', '23,0:0/25'])
      assert.deepEqual(trapsOf(text), ['uneven-step'], text);
  });

  it('warns of a listed day that short months lack only where that costs another day', () => {
    assert.deepEqual(trapsOf('*-1,30'), ['short-month']);
    assert.deepEqual(trapsOf('*-31'), []);
    assert.deepEqual(trapsOf('1,3,5-1,30'), []);
  });

  it('warns of a date that no year has', () => {
    for (const text of ['02-30', '*-0', '0-1', '4,6-31']) assert.deepEqual(trapsOf(text), ['never'], text);
    assert.deepEqual(trapsOf('02-29'), []);
  });

  it('leaves in peace what does as it says', () => {
    const fine = [
      'daily',
      'mon..fri 22:00',
      '0',
      '*/15',
      '30',
      '*:0/20',
      'sat *-1..7 15:00',
      '12:0/25',
      '5/2:0',
      'hourly',
    ];
    for (const text of fine) assert.deepEqual(trapsOf(text), [], text);
  });

  it('finds no fault with the steps that Proxmox gets right', () => {
    const safe: [string, readonly number[]][] = [
      ['*:*:N', [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30]],
      ['*:N', [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30]],
      ['N:00', [1, 2, 3, 4, 6, 8, 12]],
      ['N-1', [1, 2, 3, 4, 6]],
      ['*-N', [2]],
    ];
    for (const [form, steps] of safe)
      for (const step of steps) assert.deepEqual(trapsOf(form.replace('N', `*/${step}`)), [], `${form} ${step}`);
  });
});

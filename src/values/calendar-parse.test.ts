import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CalendarEvent, isCalendarProblem } from './calendar.ts';
import vectors from './calendar.vectors.json' with { type: 'json' };
import { parseCalendar } from './calendar-parse.ts';

const meaning = (text: string) => {
  const { text: _, time: __, ...rest } = eventOf(text);
  return rest;
};
const eventOf = (text: string): CalendarEvent => {
  const read = parseCalendar(text);
  assert.ok(!isCalendarProblem(read), `${text}: ${JSON.stringify(read)}`);
  return read;
};
const problemOf = (text: string) => {
  const read = parseCalendar(text);
  assert.ok(isCalendarProblem(read), `"${text}" was taken`);
  return read;
};

describe('reading a calendar event', () => {
  it('takes whatever Proxmox takes', () => {
    for (const text of vectors.valid) eventOf(text);
    for (const text of ['mon\tUTC', 'mon \t 12:00', '*-05*:00', '7/0:00', '5..9/0:00', '*-*-*']) eventOf(text);
    for (const { event } of [...vectors.utc, ...vectors.zones, ...vectors.misread]) eventOf(event);
  });

  it('refuses whatever Proxmox refuses, and points into the text', () => {
    for (const text of [
      ...vectors.invalid,
      '12:00\tUTC',
      'UTC',
      'Mon..',
      '1:2:3:4',
      '1-2-3-4',
      'montue',
      'daily 3:00',
    ]) {
      const { problem, at } = problemOf(text);
      assert.ok(problem.length > 0 && at >= 0 && at <= text.length, text);
    }
  });

  it('reads each word as the event it stands for, also in UTC', () => {
    for (const { word, same_as } of vectors.words) {
      assert.deepEqual(meaning(word), meaning(same_as));
      assert.deepEqual(meaning(`${word} UTC`), meaning(`${same_as}UTC`));
    }
  });

  it('wraps weekdays over the week, and takes all seven for no limit', () => {
    assert.deepEqual(eventOf('fri..mon').weekdays, [0, 4, 5, 6]);
    assert.deepEqual(eventOf('mon,tue..wednesday,fri..sat').weekdays, [0, 1, 2, 4, 5]);
    assert.deepEqual(eventOf('tue..mon').weekdays, []);
  });

  it('says what is wrong and where', () => {
    const cases: [string, number, RegExp][] = [
      ['mon..fri 12:60', 12, /minute 60 is above 59/],
      ['2026-13-01', 5, /month 13 is above 12/],
      ['24:00:00', 0, /hour 24 is above 23/],
      ['10..5:00', 0, /hour 10 comes after 5/],
      ['mon..', 5, /expected a weekday .* found the end/],
      ['mon,funday 3:00', 4, /found "funday"/],
      ['12:00 CET', 5, /did not expect a blank/],
      ['Daily', 0, /lower case/],
      ['*,5', 1, /cannot stand in a list/],
      ['*:0/60', 4, /step of the minute 60 is above 59/],
      ['1-2-3-4', 5, /expected a number|did not expect "-"/],
      ['\t12:00', 0, /begins with a blank/],
      ['UTC', 0, /neither a weekday, a date nor a time/],
    ];
    for (const [text, at, says] of cases) {
      const read = problemOf(text);
      assert.match(read.problem, says, text);
      assert.equal(read.at, at, text);
    }
  });

  it('never throws, and never points outside the text', () => {
    const piece = fc.constantFrom(
      'mon',
      '..',
      ',',
      '*',
      '/',
      ':',
      '-',
      ' ',
      '\t',
      '0',
      '5',
      '24',
      '60',
      'UTC',
      'daily',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const read = parseCalendar(text);
        if (isCalendarProblem(read)) assert.ok(read.at >= 0 && read.at <= text.length);
        else assert.equal(read.text, text);
      }),
      { numRuns: 2000 },
    );
  });
});

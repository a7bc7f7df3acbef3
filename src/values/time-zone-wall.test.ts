import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { epochSeconds, type Instant, instantAt, parseInstant } from './instant.ts';
import { parseTimeZone, type TimeZone, utc } from './time-zone.ts';
import { epochSecondsOfWall, wallSecondsAt, wallSecondsOf, wallTimeOf } from './time-zone-wall.ts';

const berlin = parseTimeZone('Europe/Berlin') ?? utc;
const moment = (text: string): Instant => {
  const known = parseInstant(text);
  assert.ok(known, text);
  return known;
};
const inBerlin = (day: number, month: number, hour: number, minute: number, after = '2026-01-01T00:00:00Z') =>
  instantAt(
    epochSecondsOfWall(wallSecondsOf(2026, month, day, hour, minute), berlin, epochSeconds(moment(after))) * 1000,
  );

describe('the clock on the wall', () => {
  it('shows date, weekday and time of a zone', () => {
    const wall = wallTimeOf(wallSecondsAt(epochSeconds(moment('2026-07-15T22:30:45Z')), berlin));
    assert.deepEqual(wall, { year: 2026, month: 7, day: 16, weekday: 3, hour: 0, minute: 30, second: 45 });
  });

  it('puts a time that spring leaves out as much later as the clocks were put forward', () => {
    assert.equal(inBerlin(29, 3, 1, 59), moment('2026-03-29T00:59:00Z'));
    assert.equal(inBerlin(29, 3, 2, 30), moment('2026-03-29T01:30:00Z'));
    assert.equal(inBerlin(29, 3, 3, 0), moment('2026-03-29T01:00:00Z'));
  });

  it('takes the first of two equal times in autumn, unless that has passed', () => {
    assert.equal(inBerlin(25, 10, 2, 30), moment('2026-10-25T00:30:00Z'));
    assert.equal(inBerlin(25, 10, 2, 30, '2026-10-25T00:30:00Z'), moment('2026-10-25T01:30:00Z'));
  });

  // glibc picks one of two equal times by what it was asked before, so those are left out here.
  const zones = ['Europe/Berlin', 'America/New_York', 'America/Santiago', 'Australia/Lord_Howe', 'Pacific/Apia'];
  const missing = ['/usr/bin/perl', ...zones.map((name) => `/usr/share/zoneinfo/${name}`)].filter(
    (path) => !existsSync(path),
  );
  const skip = missing.length > 0 && `the C library cannot be asked: ${missing.join(' ')} is not there`;
  it('agrees with mktime of the C library', { skip }, () => {
    for (const name of zones) {
      const zone = parseTimeZone(name) ?? utc;
      const walls: number[] = [];
      for (let wall = wallSecondsOf(2011, 1, 1, 0, 30); wall < wallSecondsOf(2012, 12, 1); wall += 1800 * 3)
        if (!isRepeated(wall, zone)) walls.push(wall);
      const answers = askMktime(name, walls);
      for (const [index, wall] of walls.entries())
        assert.equal(epochSecondsOfWall(wall, zone, Number.NEGATIVE_INFINITY), answers[index], `${name} ${wall}`);
    }
  });
});

function isRepeated(wall: number, zone: TimeZone): boolean {
  const first = epochSecondsOfWall(wall, zone, Number.NEGATIVE_INFINITY);
  return epochSecondsOfWall(wall, zone, first) !== first;
}

const perl = `use POSIX; while (<STDIN>) { my @t = split; print POSIX::mktime(@t[5,4,3,2], $t[1]-1, $t[0]-1900, 0, 0, -1), "\\n"; }`;

function askMktime(zone: string, walls: readonly number[]): readonly number[] {
  const lines = walls.map((wall) => {
    const { year, month, day, hour, minute, second } = wallTimeOf(wall);
    return [year, month, day, hour, minute, second].join(' ');
  });
  const answer = execFileSync('/usr/bin/perl', ['-e', perl], { env: { TZ: zone }, input: `${lines.join('\n')}\n` });
  return String(answer).trim().split('\n').map(Number);
}

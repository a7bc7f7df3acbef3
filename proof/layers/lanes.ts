// Parts that have a machine of their own run side by side; what each has to say is said when it is over, in one piece.
import type { Report } from '../report.ts';

export function inOnePiece(report: Report): Readonly<{ held: Report; say(): void }> {
  const said: (() => void)[] = [];
  return {
    held: {
      row: (...row) => void said.push(() => report.row(...row)),
      control: (...control) => void said.push(() => report.control(...control)),
      skip: (...skip) => void said.push(() => report.skip(...skip)),
      section: (title) => void said.push(() => report.section(title)),
      end: () => report.end(),
    },
    say: () => {
      for (const line of said.splice(0)) line();
    },
  };
}

/** How often something was killed, by what it was: proofs of kills name it first in their row. */
export function countingKills(report: Report): Readonly<{ counted: Report; text(): string }> {
  const kills = new Map<string, number>();
  return {
    counted: {
      ...report,
      row: (name, ...rest) => {
        const victim = /(?:kill -9|power-off) of ([^,]+)/.exec(name)?.[1];
        if (victim !== undefined) kills.set(victim, (kills.get(victim) ?? 0) + 1);
        report.row(name, ...rest);
      },
    },
    text: () => {
      const all = [...kills.values()].reduce((sum, one) => sum + one, 0);
      return `${all} kills: ${[...kills].map(([victim, count]) => `${victim} ${count}`).join(', ')}`;
    },
  };
}

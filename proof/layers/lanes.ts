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

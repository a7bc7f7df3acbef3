// The lines to one machine: a command takes room in one, and where all are full another one is opened, so that work which
// waits for other work on the same machine never waits for ever.
import type { Line } from './line.ts';

export interface Lines {
  /** room for one command; `leave` gives it back */
  take(): Promise<Line>;
  leave(line: Line): void;
  /** the line takes no more than it has now: its other end refused */
  full(line: Line): void;
  close(): Promise<void>;
}

export function linesBy(open: () => Promise<Line>): Lines {
  let lines: Line[] = [];
  let opening: Promise<void> | undefined;
  const openAnother = (): Promise<void> => {
    opening ??= open()
      .then((line) => void lines.push(line))
      .finally(() => {
        opening = undefined;
      });
    return opening;
  };
  const dropLost = async () => {
    const lost = lines.filter((line) => line.lost && line.used === 0);
    lines = lines.filter((line) => !lost.includes(line));
    await Promise.all(lost.map((line) => line.close()));
  };
  return {
    take: async () => {
      for (;;) {
        await dropLost();
        const line = lines.find(({ lost, used, room }) => !lost && used < room);
        if (line !== undefined) {
          line.used += 1;
          return line;
        }
        await openAnother();
      }
    },
    leave: (line) => {
      line.used -= 1;
    },
    full: (line) => {
      // One more is kept for ending what is cancelled.
      line.room = Math.max(1, line.used - 2);
    },
    close: async () => {
      await opening?.catch(() => {});
      await Promise.all(lines.map((line) => line.close()));
      lines = [];
    },
  };
}

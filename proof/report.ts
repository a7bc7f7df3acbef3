// What a proof prints: a line per row, naming the command as typed and the authority outside Holdfast that was asked. Each row
// has a control that must be caught; a control that passes fails the proof.
export type Report = Readonly<{
  /** @param holds what the authority said */
  row(name: string, command: string, authority: string, holds: boolean | Error): void;
  /** something broken on purpose: `caught` must be true */
  control(name: string, caught: boolean): void;
  skip(name: string, why: string): void;
  section(title: string): void;
  /** prints the count, and gives the exit code */
  end(): number;
}>;

export function report(): Report {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  const line = (good: boolean, text: string) => {
    if (good) passed += 1;
    else failed += 1;
    console.log(`${good ? 'ok    ' : 'FAILED'}  ${text}`);
  };
  return {
    row: (name, command, authority, holds) =>
      line(
        holds === true,
        `${name}\n        $ ${command}\n        asked: ${authority}${holds instanceof Error ? `\n        ${holds.message}` : ''}`,
      ),
    control: (name, caught) => line(caught, `control: ${name} ${caught ? 'is caught' : 'PASSED, and must not'}`),
    skip: (name, why) => {
      skipped += 1;
      console.log(`skip    ${name}: ${why}`);
    },
    section: (title) => console.log(`\n== ${title}`),
    end: () => {
      console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
      return failed === 0 && passed > 0 ? 0 : 1;
    },
  };
}

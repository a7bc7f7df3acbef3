// The output of a command between its marks: what comes before it begins is somebody else's (a login shell's greeting), and
// the mark of its end is taken out.
import { Transform } from 'node:stream';

const mostBefore = 8000;

/** How many bytes at the end may be the beginning of the mark. No other is kept back: somebody may be waiting for it. */
function begunIn(bytes: Buffer, mark: string): number {
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length -= 1)
    if (bytes.toString('latin1', bytes.length - length) === mark.slice(0, length)) return length;
  return 0;
}

/** What comes behind the mark. @param before is handed what was said before it, up to a limit */
export function behind(mark: string, begins: () => void, before: (text: string) => void): Transform {
  let carried = Buffer.alloc(0);
  let begun = false;
  let noted = 0;
  const note = (text: Buffer) => {
    if (noted < mostBefore) before(text.toString());
    noted += text.length;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (begun) return done(null, chunk);
      carried = Buffer.concat([carried, chunk]);
      const at = carried.indexOf(mark);
      const text = carried.subarray(0, at < 0 ? carried.length - begunIn(carried, mark) : at);
      note(text);
      carried = carried.subarray(at < 0 ? text.length : at + mark.length);
      if (at < 0) return done();
      begun = true;
      begins();
      done(null, carried);
    },
    flush(done) {
      if (!begun) note(carried);
      done();
    },
  });
}

/** Takes the mark of the end out, wherever it stands: what the command has started may speak after it. */
export function withoutEnd(mark: string, ends: (how: string) => void): Transform {
  let carried = Buffer.alloc(0);
  let ended = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (ended) return done(null, chunk);
      carried = Buffer.concat([carried, chunk]);
      const at = carried.indexOf(mark);
      const close = at < 0 ? -1 : carried.indexOf('\n', at);
      if (close < 0) {
        const out = carried.subarray(0, at < 0 ? carried.length - begunIn(carried, mark) : at);
        carried = carried.subarray(out.length);
        return done(null, out);
      }
      ended = true;
      ends(carried.toString('latin1', at + mark.length, close));
      done(null, Buffer.concat([carried.subarray(0, at), carried.subarray(close + 1)]));
      carried = Buffer.alloc(0);
    },
    flush(done) {
      done(null, ended ? undefined : carried);
    },
  });
}

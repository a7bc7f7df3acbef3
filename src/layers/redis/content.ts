// Whether a dump has in it what the last one had: how often each byte occurs, wherever it stands. A server that was started anew writes
// the same keys in another order, and each dump begins with when it was made and by which process: neither is a change.
import { digestOf } from '../../values/canonical.ts';

export class Content {
  readonly #times = new Uint32Array(256);

  update(bytes: Uint8Array): void {
    const times = this.#times;
    // for-of is seven times slower.
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      times[byte] = (times[byte] ?? 0) + 1;
    }
  }

  /** @param head of what has passed, which is left out */
  digest(head: Uint8Array): string {
    const times = this.#times.slice();
    for (const byte of head) times[byte] = (times[byte] ?? 0) - 1;
    return digestOf([...times]);
  }
}

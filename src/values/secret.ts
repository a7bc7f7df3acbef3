// A secret is a value that cannot be printed: every way in which JavaScript turns a value into text gives its name
// instead. It is bound to an audience (`host` and use), and whoever is not that audience cannot open it. Redaction is the
// second net, not the first: `redactor` removes known values from text that came from elsewhere (a server's error body).
import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';

/** The audience of a secret that a server made: whoever writes it to the file it is kept in. */
export const forKeeping = 'the file it is kept in';

export class Secret {
  readonly name: string;
  readonly #value: string;
  readonly #audience: string;
  readonly #of: Secret | undefined;

  /** @param audience who may open it: the host (and port) it will be sent to, or the tool it is handed to */
  constructor(name: string, value: string, audience: string, of?: Secret) {
    this.name = name;
    this.#value = value;
    this.#audience = audience;
    this.#of = of;
  }

  /** The same secret as a part of a text that goes to the same audience: `name=key,value=BASE64`. */
  inside(text: (value: string) => string): Secret {
    return new Secret(this.name, text(this.#value), this.#audience, this);
  }

  /** The value, for this audience only: a changed `url` must not receive a secret that was meant for another host. */
  revealTo(audience: string): string {
    if (audience !== this.#audience)
      throw new Error(`the secret ${this.name} is for ${this.#audience}, it was asked for by ${audience}`);
    return this.#value;
  }

  /** The forms in which the value could turn up in foreign text: as it is, base64, URL-encoded, JSON-escaped, hex. */
  forms(): readonly string[] {
    const value = this.#value;
    const raw = Buffer.from(value);
    return [
      ...(this.#of?.forms() ?? []),
      value,
      raw.toString('base64'),
      raw.toString('base64url'),
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
      raw.toString('hex'),
    ];
  }

  /** Tells whether it is the same secret as before, to whoever has the key; and nothing else to anybody. */
  keyedDigest(key: Uint8Array): string {
    return createHmac('sha256', key).update(this.#value).digest('hex');
  }

  toString(): string {
    return `[secret ${this.name}]`;
  }
  toJSON(): string {
    return this.toString();
  }
  [Symbol.toPrimitive](): string {
    return this.toString();
  }
  [inspect.custom](): string {
    return this.toString();
  }
}

// Shorter values would turn ordinary words of a log into stars; they are refused as secrets where they are resolved.
const shortest = 4;

/** Removes every known secret, in every form, from text. */
export function redactor(secrets: Iterable<Secret>): (text: string) => string {
  const forms = [...new Set([...secrets].flatMap((secret) => secret.forms()))]
    .filter((form) => form.length >= shortest)
    .sort((a, b) => b.length - a.length);
  return (text) => forms.reduce((redacted, form) => redacted.replaceAll(form, '[secret]'), text);
}

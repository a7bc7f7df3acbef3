// Where a server keeps its secrets: apart from its state, so that the state can be shown to anyone.
import { redactor, Secret } from '../src/values/secret.ts';

const audience = 'lab';

export interface Shelf {
  put(name: string, value: string): void;
  drop(name: string): void;
  reveal(name: string): string | undefined;
  names(): readonly string[];
}

/** Every secret that any shelf of the lab has ever held. */
export interface KnownSecrets {
  add(value: string): void;
  /** takes them out of a text */
  redact(text: string): string;
}

export function knownSecrets(): KnownSecrets {
  const secrets: Secret[] = [];
  let redact = redactor([]);
  return {
    add: (value) => {
      secrets.push(new Secret(`secret ${secrets.length}`, value, audience));
      redact = redactor(secrets);
    },
    redact: (text) => redact(text),
  };
}

export function shelf(known: KnownSecrets): Shelf {
  const held = new Map<string, Secret>();
  return {
    put: (name, value) => {
      known.add(value);
      held.set(name, new Secret(name, value, audience));
    },
    drop: (name) => held.delete(name),
    reveal: (name) => held.get(name)?.revealTo(audience),
    names: () => [...held.keys()],
  };
}

// A login whose secret no server shows again: it goes with a new entry, and with another user, whose secret is another one.
import type { Decided, Declared, ResourceOf } from '../../contracts/resource.ts';
import type { Found } from '../../model/observed.ts';
import { same } from './compare.ts';

/** @param user the field that says whose secret it is: where it changes, the secret that the server holds is another's */
export function withLogin<Part>(resource: ResourceOf<Part>, user: string): ResourceOf<Part> {
  const sends: ResourceOf<Part>['sends'] = ({ item, secrets }, found) =>
    found === undefined || !same(found.value[user], item[user]) ? Object.keys(secrets) : [];
  return {
    ...resource,
    sends,
    update: (api, wanted, found, options) => {
      const other = same(found.value[user], wanted.fields[user]) ? [] : Object.keys(wanted.secrets);
      const resend = [...new Set([...(options.resend ?? []), ...other])];
      return resource.update(api, wanted, found, { ...options, resend });
    },
  };
}

type Refused = Extract<Decided, { act: 'refuse' }>;
export type LoginWords = Readonly<{
  /** the key of the estate, and the parameter of the server */
  key: string;
  parameter: string;
  /** the field that says whose secret it is */
  of: string;
  /** `a remote` */
  what: string;
}>;

/** It can be declared without its secret as long as it is there and stays whose it is: so `import` writes it. */
export function withoutSecret(
  { name, item, server, secrets }: Declared,
  found: Found | undefined,
  { key, parameter, of, what }: LoginWords,
): Refused | undefined {
  if (secrets[parameter] !== undefined) return undefined;
  const refused = (says: string): Refused => ({
    act: 'refuse',
    code: 'secret-not-declared',
    says,
    remedy: `add \`${key}: { file: /etc/holdfast/${name}.secret }\` to it, with the secret in that file (mode 0600)`,
  });
  if (found === undefined)
    return refused(`${server} has no such entry yet, and PBS takes ${what} only with its ${key}`);
  if (same(found.value[of], item[of])) return undefined;
  return refused(
    `its ${of} is ${String(found.value[of])} on ${server} and ${String(item[of])} here, and the ${key} that PBS holds is the other one's`,
  );
}

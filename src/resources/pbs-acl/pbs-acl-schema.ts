// `pbs[].acl`: who may do what, and where. Facts: pbs-api section 7.
import * as z from 'zod';
import roles from '../../values/pbs-roles.json' with { type: 'json' };
import { authId } from '../common/schema-texts.ts';

type Role = keyof typeof roles;
const roleNames = Object.keys(roles) as [Role, ...Role[]];

const part = '[A-Za-z0-9_][A-Za-z0-9._-]*';
const below = (...last: string[]): string => `(?:/(?:${last.join('|')}))?`;
const forms = [
  `/access${below('acl', 'users', 'domains', `openid/${part}`)}`,
  `/datastore(?:/${part})*`,
  `/remote(?:/${part})*`,
  `/system${below(
    ...['certificates', 'disks', 'log', 'notifications', 'status', 'tasks', 'time', `services/${part}`],
    ...['network/dns', `network/interfaces/${part}`, `s3-endpoint(?:/${part})?`, `encryption-keys(?:/${part})?`],
  )}`,
  `/tape${below(`device/${part}`, `pool/${part}`, `job/${part}`)}`,
];
const aclPath = new RegExp(`^(?:/|${forms.join('|')})$`);

const listed = z
  .union([authId, z.array(authId).min(1)])
  .describe('a user, a token, or a list of them; a token has no more rights than its user, so give both');

const entry = z.strictObject({
  path: z
    .string()
    .max(128)
    .regex(aclPath, 'is no path of a PBS; write such as /datastore/STORE/NAMESPACE, /remote or /system/tasks')
    .describe('where; it may name what is not there yet'),
  role: z
    .enum(roleNames, { error: `is no role of a PBS; they are ${roleNames.join(', ')}` })
    .describe('what may be done there'),
  for: listed,
  propagate: z.boolean().default(true).describe('whether it counts below the path too'),
});

export type AclEntry = z.infer<typeof entry>;
export const everyoneIn = ({ for: whom }: AclEntry): readonly string[] =>
  Array.isArray(whom) ? whom : [whom as string];

export const acl = z
  .array(entry)
  .superRefine((entries, context) => {
    const places = new Map<string, Role[]>();
    for (const [index, one] of entries.entries())
      for (const auth of everyoneIn(one)) {
        const at = `${auth} ${one.path}`;
        const others = places.get(at) ?? [];
        // At one place it shuts everything else out: PBS would keep the one that was set last.
        const contrary = others.find((other) => (other === 'NoAccess') !== (one.role === 'NoAccess'));
        const message =
          auth === 'root@pam'
            ? 'root@pam may do everything, and a PBS keeps no entry for it'
            : contrary === undefined
              ? undefined
              : `${auth} cannot have ${one.role} and ${contrary} at ${one.path}: NoAccess shuts out every other role there`;
        if (message !== undefined) context.addIssue({ code: 'custom', path: [index, 'for'], message });
        places.set(at, [...others, one.role]);
      }
  })
  .describe('rights of users and tokens, beside those that are there already');

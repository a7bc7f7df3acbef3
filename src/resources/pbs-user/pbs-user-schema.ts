// `pbs[].users`: who may log in. Facts: pbs-api section 7.
import * as z from 'zod';
import { secretReference } from '../../values/secret-reference.ts';
import { expires } from '../common/expiry-field.ts';
import { line } from '../common/pbs-texts.ts';
import { comment, userId } from '../common/schema-texts.ts';

const user = z
  .strictObject({
    id: userId.describe('NAME@REALM'),
    comment: comment.optional().describe('shown on the PBS'),
    enabled: z.boolean().default(true).describe('whether it, and its tokens, can log in'),
    expires: expires.optional(),
    first_name: line(2, 64).optional().describe('shown on the PBS'),
    last_name: line(2, 64).optional().describe('shown on the PBS'),
    email: line(2, 64).optional().describe('where messages for it go; those for root@pam are the usual ones'),
    password: secretReference.optional().describe('given to it when it is made, 8 to 64 characters; realm pbs only'),
  })
  .superRefine(({ id, password }, context) => {
    // PBS keeps passwords of its own realm alone; of others it fails when the user is there already.
    if (password !== undefined && !id.endsWith('@pbs'))
      context.addIssue({
        code: 'custom',
        path: ['password'],
        message: 'belongs to users of the realm pbs; the others have theirs elsewhere',
      });
  });

export const users = z.array(user).describe('users, beside those that are there already');
export type UserEntry = z.infer<typeof user>;

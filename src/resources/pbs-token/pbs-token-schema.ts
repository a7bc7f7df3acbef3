// `pbs[].tokens`: API tokens. Facts: pbs-api section 7.
import * as z from 'zod';
import { secretReference } from '../../values/secret-reference.ts';
import { expires } from '../common/expiry-field.ts';
import { tokenId } from '../common/pbs-texts.ts';
import { comment } from '../common/schema-texts.ts';

const token = z
  .strictObject({
    id: tokenId.describe('USER@REALM!NAME'),
    comment: comment.optional().describe('shown on the PBS'),
    enabled: z.boolean().default(true).describe('whether it can log in'),
    expires: expires.optional(),
    save_to: secretReference
      .optional()
      .describe('the file its secret is written to when it is made: a PBS tells it this once'),
  })
  .superRefine(({ save_to }, context) => {
    if (save_to !== undefined && !('file' in save_to))
      context.addIssue({ code: 'custom', path: ['save_to'], message: 'must be a file, so that it can be written' });
  });

export const tokens = z.array(token).describe('API tokens; what they may do is under `acl`');
export type TokenEntry = z.infer<typeof token>;

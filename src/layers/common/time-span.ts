// A length of time in the estate, of a layer.
import * as z from 'zod';
import { parseTimeSpan } from '../../values/time-span.ts';

/** @param written as it may be, for whoever wrote it otherwise */
export const timeSpanAs = (written: string) =>
  z.string().superRefine((text, context) => {
    const span = parseTimeSpan(text);
    if (typeof span === 'number' && span > 0) return;
    context.addIssue({ code: 'custom', message: `is no length of time; write it as ${written}` });
  });

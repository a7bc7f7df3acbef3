// A namespace of a PBS datastore: names of 32 characters with `/` between them, 7 deep and 256 long at most. Below the root,
// which is written as nothing (facts: pbs-api section 4, pbs-datastore-format section 1).

const name = '[A-Za-z0-9_][A-Za-z0-9._-]{0,31}';

export const namespaceForm: RegExp = new RegExp(`^${name}(?:/${name}){0,6}$`);
export const longestNamespace = 256;
export const noNamespace = 'is no namespace; it is written prod or prod/web, at most 7 deep';

/** The root, or a namespace below it. */
export const namespaceOrRootForm: RegExp = new RegExp(`^(?:${name}(?:/${name}){0,6})?$`);

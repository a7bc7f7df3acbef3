// What can go wrong with a secret. Every fault names the reference; none holds the value, or what a tool said about it.
import { Fault } from '../fault.ts';
import { nameOfReference, type SecretReference } from '../values/secret-reference.ts';

type Code =
  | 'secret-missing'
  | 'secret-exposed'
  | 'secret-unusable'
  | 'secret-refused'
  | 'secret-command-failed'
  | 'secret-vault-failed'
  | 'secret-not-saved';

export const secretFault = (code: Code, reference: SecretReference, says: string, remedy: string): Fault =>
  new Fault(code, { where: nameOfReference(reference), says, remedy });

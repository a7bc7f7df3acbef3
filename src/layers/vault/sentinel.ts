// A server says yes to a snapshot before it takes it in, and its figures tell nothing of when it has: so a word is put into it
// before, in what belongs to the token alone (cubbyhole; policy `default` lets every token). Where it is gone, the state is that of the snapshot.
import type { Secret } from '../../values/secret.ts';
import { type Server, say } from './asking.ts';

/** @returns its path; undefined where the token has no such place */
export async function plant(server: Server, token: Secret, run: string): Promise<string | undefined> {
  const path = `/v1/cubbyhole/holdfast-${run}`;
  const { status } = await say(server, path, { token, body: { is: 'gone when the snapshot is in place' } });
  return status < 300 ? path : undefined;
}

/** Undefined where the server is not able to say. A token that the snapshot does not know is gone with all it had. */
export async function isThere(server: Server, token: Secret, path: string): Promise<boolean | undefined> {
  const { status } = await say(server, path, { token });
  if (status === 200) return true;
  return status === 404 || status === 403 ? false : undefined;
}

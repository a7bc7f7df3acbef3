// Volumes come to the node of a pod that claims them, and leave it when no pod there does. What that means for the storage is the
// test's to say: it may be given a program that opens and closes the volume where it really is.
import { spawnSync } from 'node:child_process';
import type { Attachment, Pod, Volume } from './objects.ts';
import { all, create, passed, remove, type State } from './store.ts';

type Volumes = Readonly<{ found: readonly Volume[] } | { missing: string }>;

/** The volumes behind a pod's claims, or the claim that is not there or not bound. */
export function volumesOf(state: State, pod: Pod): Volumes {
  const found: Volume[] = [];
  for (const { persistentVolumeClaim } of pod.spec?.volumes ?? []) {
    if (persistentVolumeClaim === undefined) continue;
    const { claimName } = persistentVolumeClaim;
    const claim = all(state, 'persistentvolumeclaims').find(
      ({ metadata }) => metadata.name === claimName && metadata.namespace === pod.metadata.namespace,
    );
    const volume = all(state, 'persistentvolumes').find(({ metadata }) => metadata.name === claim?.spec?.volumeName);
    if (volume === undefined || claim?.status?.phase !== 'Bound') return { missing: claimName };
    found.push(volume);
  }
  return { found };
}

export const attached = (state: State, volume: Volume): Attachment | undefined =>
  all(state, 'volumeattachments').find(({ spec }) => spec?.source.persistentVolumeName === volume.metadata.name);

/** True when the volume is at the pod's node. One that is still at another node is waited for, as a disk is that only one can have. */
export function attachFor(state: State, pod: Pod, volume: Volume): boolean {
  const nodeName = pod.spec?.nodeName;
  const there = attached(state, volume);
  if (there !== undefined) return there.spec?.nodeName === nodeName;
  if (nodeName === undefined || volume.spec === undefined || !move(state, 'attach', volume)) return false;
  const { driver } = volume.spec.csi;
  create<Attachment>(
    state,
    'volumeattachments',
    { name: `csi-${volume.metadata.uid.replaceAll('-', '')}` },
    {
      spec: { attacher: driver, nodeName, source: { persistentVolumeName: volume.metadata.name } },
      status: { attached: true },
    },
  );
  return true;
}

export function settleAttachments(state: State): void {
  for (const attachment of [...all(state, 'volumeattachments')]) {
    const name = attachment.spec?.source.persistentVolumeName ?? '';
    const key = attachment.metadata.uid;
    const used = all(state, 'pods').some((pod) => {
      const volumes = volumesOf(state, pod);
      return 'found' in volumes && volumes.found.some(({ metadata }) => metadata.name === name);
    });
    if (used) delete state.due[`detaches ${key}`];
    if (used || state.behaviour.attachmentStays.includes(name)) continue;
    if (!passed(state, 'detaches', key, state.behaviour.detaches)) continue;
    const volume = all(state, 'persistentvolumes').find(({ metadata }) => metadata.name === name);
    if (volume === undefined || move(state, 'detach', volume)) remove(state, 'volumeattachments', attachment);
  }
}

export const nameInStorage = (handle: string): string => handle.replace(/^.*[/:]/s, '');

function move(state: State, which: 'attach' | 'detach', volume: Volume): boolean {
  const [program, ...given] = state.behaviour.attacher ?? [];
  if (program === undefined) return true;
  const handle = volume.spec?.csi.volumeHandle ?? '';
  const args = [...given, which, handle, nameInStorage(handle)];
  return spawnSync(program, args, { stdio: 'ignore', timeout: 60_000 }).status === 0;
}

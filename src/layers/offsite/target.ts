// A place that copies go to, however it is reached.
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Machine } from '../../machines/machine.ts';
import type { Manifest, PointId } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Reader } from './reader.ts';

export type Working = Pick<StepContext, 'signal' | 'progress' | 'world'> &
  Readonly<{
    run: RunId | undefined;
    /** a folder on the machine that the layer runs on, for what is fetched and packed; it need not exist */
    work: string;
  }>;

/** One copy there, or what is to become one. */
export type Spot = Readonly<{ layer: string; name: string }>;

export type Comparing = Readonly<{
  /** names at the top that are proved already */
  except: readonly string[];
  /** the times of parts mean nothing: what they hold has its own */
  timeless: boolean;
  /** copies that were read back before: what it shares with them is not read again, where that can be told */
  known: readonly string[];
}>;

export interface Target {
  /** for points and faults */
  readonly where: string;
  readonly at: string;
  /** copies are renamed into place and removed from here; else their manifests alone seal them, and only their owner removes them */
  readonly yields: boolean;
  /** what is sent can be read back */
  readonly reads: boolean;
  nameFor(id: PointId, run: RunId): string;
  reader(): Promise<Reader>;
  /** @throws Fault where it is not what it is taken for: not mounted, open to all, somebody else's */
  check(): Promise<void>;
  /** bytes that are free there; undefined where nobody can tell */
  room(): Promise<number | undefined>;
  /** those of the copies that are there to be linked to, as far as anybody can tell */
  basesThere(layer: string, bases: readonly string[]): Promise<readonly string[]>;
  /** all that is in the folder but its manifest and its hold. @param byContent size and time do not tell what is the same as in a base */
  send(from: string, spot: Spot, bases: readonly string[], byContent?: boolean): Promise<void>;
  /** where it is written, on a machine that can read it by itself */
  written(spot: Spot): Readonly<{ machine: Machine; folder: string }> | undefined;
  /** how what lies there differs from the folder, read at both ends; some of it where it is much. */
  differences(from: string, spot: Spot, comparing: Comparing): Promise<readonly string[]>;
  /** @param verified else it is only said to have been sent */
  seal(spot: Spot, manifest: Manifest, verified: boolean): Promise<void>;
  /** bytes that it takes on the disk there, beyond what it shares with those bases; undefined where nobody can tell */
  physical(spot: Spot, bases: readonly string[]): Promise<number | undefined>;
  /** of what was begun and came to no end: removed, where that may be */
  giveUp(spot: Spot): Promise<void>;
  /** size of what lies there; `only` as for `fetch` */
  sizeOf(spot: Spot, only?: string): Promise<number | undefined>;
  /** into an empty folder of the machine that the layer runs on; `only`: of the tree of a generation nothing but this path, where that can be */
  fetch(spot: Spot, to: string, only?: string): Promise<void>;
}

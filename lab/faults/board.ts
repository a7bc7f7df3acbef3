// Which faults a server has at present, and whom they meet.
import { type FaultName, type FaultSpot, faultCatalogue } from './catalogue.ts';

export type FaultOptions = Readonly<{
  /** how many requests (or tasks) meet it; without, every one until it is cleared */
  count?: number | undefined;
  /** it is over after so many seconds */
  seconds?: number | undefined;
  /** a regular expression that the path of the request must fit, without /api2/json: `^/storage$` */
  path?: string | undefined;
  /** GET, POST, PUT or DELETE */
  method?: string | undefined;
  /** how long `slow` waits; without, it never answers */
  milliseconds?: number | undefined;
  /** how many bytes `huge-body` sends */
  bytes?: number | undefined;
  /** what it is about: of `foreign-change` a storage or job, of `bad-volume` a claim, ...; without, the first */
  object?: string | undefined;
}>;

export type Asked = Readonly<{ method: string; path: string }>;
export type Met = Readonly<{ name: FaultName; options: FaultOptions; nth: number }>;
export type FaultSeen = Readonly<{ name: FaultName; options: FaultOptions; left: number | undefined }>;

export interface FaultBoard {
  add(name: FaultName, options: FaultOptions): void;
  remove(name?: FaultName): void;
  has(name: FaultName): boolean;
  /** the fault that bites there, counted as met */
  meet(spot: FaultSpot, asked: Asked): Met | undefined;
  seen(): readonly FaultSeen[];
}

type Entry = { name: FaultName; options: FaultOptions; left: number | undefined; met: number };

export function faultBoard(): FaultBoard {
  const entries: Entry[] = [];
  const drop = (unwanted: (entry: Entry) => boolean) => {
    for (const entry of entries.filter(unwanted)) entries.splice(entries.indexOf(entry), 1);
  };
  return {
    add: (name, options) => {
      drop((entry) => entry.name === name);
      entries.push({ name, options, left: options.count, met: 0 });
    },
    remove: (name) => drop((entry) => name === undefined || entry.name === name),
    has: (name) => entries.some((entry) => entry.name === name),
    meet: (spot, asked) => {
      const entry = entries.find((one) => faultCatalogue[one.name].at === spot && fits(one.options, asked));
      if (entry === undefined) return undefined;
      entry.met += 1;
      if (entry.left !== undefined) {
        entry.left -= 1;
        if (entry.left <= 0) drop((one) => one === entry);
      }
      return { name: entry.name, options: entry.options, nth: entry.met };
    },
    seen: () => entries.map(({ name, options, left }) => ({ name, options, left })),
  };
}

const fits = ({ path, method }: FaultOptions, asked: Asked): boolean =>
  (method === undefined || method.toUpperCase() === asked.method) &&
  (path === undefined || new RegExp(path).test(asked.path.replace(/^\/api2\/(?:json|extjs)(?=\/)/, '')));

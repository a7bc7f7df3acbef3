// What fields mean that many kinds share, where a kind has no better words.

export const sharedWords: Readonly<Record<string, string>> = {
  name: 'its name; unique within the section',
  kind: 'which kind it is',
  machine: 'where it runs: a name of `machines`',
  workload: 'what it protects: a name of `workloads`',
  keep: 'which restore points stay',
  keep_last: 'how many of the newest points stay',
  keep_hourly: 'for how many hours the newest point of each stays',
  keep_daily: 'for how many days the newest point of each stays',
  keep_weekly: 'for how many ISO weeks the newest point of each stays',
  keep_monthly: 'for how many months the newest point of each stays',
  keep_yearly: 'for how many years the newest point of each stays',
  keep_all: '1: every point stays; stands alone',
  description: 'any text, for people',
};

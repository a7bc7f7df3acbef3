// What a task says that somebody stopped.
export const stoppedWords = {
  pve: 'interrupted by signal',
  pbs: 'abort requested - aborting task',
} as const;

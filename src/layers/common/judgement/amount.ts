// So many files, and how much they hold.
export type Amount = Readonly<{ files: number; bytes: number }>;

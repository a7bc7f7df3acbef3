import type { Report } from '../../report.ts';
export async function proveGenerations(_: Report): Promise<void> {}

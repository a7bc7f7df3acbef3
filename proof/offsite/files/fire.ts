import type { Report } from '../../report.ts';
export async function proveFire(_: Report): Promise<void> {}

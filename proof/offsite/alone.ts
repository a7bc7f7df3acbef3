// One after the other; what ends before its end is a failed row, and the others are proved all the same.
import type { Report } from '../report.ts';

export async function alone(
  report: Report,
  parts: Readonly<Record<string, (report: Report) => Promise<void> | void>>,
): Promise<void> {
  for (const [name, prove] of Object.entries(parts))
    try {
      await prove(report);
    } catch (error) {
      report.row(`${name} ended before its end`, 'npm run proof:offsite', 'itself', error as Error);
    }
}

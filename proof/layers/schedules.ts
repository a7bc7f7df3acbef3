// Schedules and the daemon: what is due when, on days with 23 and 25 hours, after a stop, after a stepped clock, at the turn of a
// year. The authorities are systemd-analyze, date and the clock of libfaketime, under which the same command is typed.
import type { Report } from '../report.ts';
import { proveCalendars } from './schedules/calendars.ts';
import { proveDaemon } from './schedules/daemon.ts';
import { provePlaces } from './schedules/lanes.ts';
import { proveService } from './schedules/service.ts';

export async function proveSchedules(report: Report, full: boolean): Promise<void> {
  await proveCalendars(report, full);
  await proveDaemon(report);
  await provePlaces(report);
  await proveService(report);
}

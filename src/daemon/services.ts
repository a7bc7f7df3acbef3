// The only list of services: what lives beside the schedules for as long as the daemon does.
import type { Service } from './service.ts';

export const services: readonly Service[] = [];

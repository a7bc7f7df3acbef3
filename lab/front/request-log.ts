// requests.ndjson: one line for every request, on disk before its answer goes out, and no secret in it.
import { appendFileSync } from 'node:fs';

export type LoggedRequest = Readonly<{
  server: string;
  method: string;
  path: string;
  params: Readonly<Record<string, unknown>>;
  /** 0 where the connection was cut and nothing was answered */
  status: number;
  /** null where the credentials did not hold */
  user: string | null;
  /** the fault that was met */
  fault?: string;
}>;

const hidden = '[secret]';
const secretNames = /^(?:password|secret|encryption-key|otp|tfa-challenge|ticket|token|value|key|secret-key)$/;

/** @param redact removes every secret of the lab, wherever else it stands */
export function requestLog(file: string, now: () => number, redact: (text: string) => string) {
  return (request: LoggedRequest): void => {
    const params = Object.fromEntries(
      Object.entries(request.params).map(([name, value]) => [name, secretNames.test(name) ? hidden : value]),
    );
    const line = JSON.stringify({ time: new Date(now()).toISOString(), ...request, params });
    appendFileSync(file, `${redact(line)}\n`);
  };
}
export type RequestLog = ReturnType<typeof requestLog>;

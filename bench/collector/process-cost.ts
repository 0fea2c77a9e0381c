// What a process has used, as Linux tells it: all of its threads, those that have ended too.
import { readFileSync } from 'node:fs';

/** Ticks a second in /proc/PID/stat, the same on all of Linux' architectures that Node runs on. Source: proc(5), USER_HZ. */
const ticksPerSecond = 100;

/** CPU seconds, user's and system's, from the text of /proc/PID/stat: pure. The name in it may hold spaces and brackets. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3, the state, on
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Megabytes (10^6) of one line of /proc/PID/status, such as VmRSS: pure. @throws Error when it is not there */
export function megabytesOf(status: string, name: string): number {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`no ${name} in the status of the process`);
  return (Number(kibibytes) * 1024) / 1e6;
}

/** CPU seconds that a process has used so far. */
export function cpuSeconds(pid: number): number {
  return cpuSecondsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** Memory of a process now (`VmRSS`) or at the most so far (`VmHWM`), MB (10^6 bytes). */
export function residentMB(pid: number, which: 'VmRSS' | 'VmHWM'): number {
  return megabytesOf(readFileSync(`/proc/${pid}/status`, 'utf8'), which);
}

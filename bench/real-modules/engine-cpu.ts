// The CPU time that a container engine and all it started have used, from Linux's process table.
import { readdirSync, readFileSync } from 'node:fs';

/** What /proc/PID/stat says. Times are in ticks of 1/100 s. */
export interface ProcessTimes {
  pid: number;
  parent: number;
  /** Of itself and of its children that have ended and were waited for, in user and system mode. */
  ticks: number;
}

/** Ticks a second that /proc counts in, on every Linux. Source: sysconf(_SC_CLK_TCK), proc(5) */
const ticksPerSecond = 100;

/** Reads one line of /proc/PID/stat; the name in it may hold spaces and parentheses. Source: proc(5) */
export function parseStat(text: string): ProcessTimes {
  const rest = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Fields 14 to 17 are utime, stime, cutime and cstime; the rest begins with field 3.
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(rest[at]), 0);
  return { pid: Number.parseInt(text, 10), parent: Number(rest[1]), ticks };
}

/** Sum of the ticks of a process and all below it: what ended is in its parent's. */
export function ticksBelow(root: number, processes: readonly ProcessTimes[]): number {
  const children = Map.groupBy(processes, ({ parent }) => parent);
  const own = processes.find(({ pid }) => pid === root)?.ticks ?? 0;
  const below = children.get(root) ?? [];
  return below.reduce((sum, { pid }) => sum + ticksBelow(pid, processes), own);
}

/** Seconds of CPU that the process `pid` and all it started have used so far. */
export function cpuSeconds(pid: number): number {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [parseStat(readFileSync(`/proc/${name}/stat`, 'utf8'))];
      } catch {
        return []; // it has just ended
      }
    });
  return ticksBelow(pid, processes) / ticksPerSecond;
}

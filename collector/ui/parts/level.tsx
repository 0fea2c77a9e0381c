/** The word of a log level, loud from warn on. */
export function Level({ level, severityNumber }: { level: string; severityNumber: number }) {
  const tone = severityNumber >= 17 ? 'err' : severityNumber >= 13 ? 'warn' : 't3';
  return <b class={tone}>{level.toUpperCase()}</b>;
}

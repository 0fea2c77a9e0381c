/** What a figure should be, and where that number comes from: beside what was measured it leaves some room. */
export interface Target {
  most?: number;
  least?: number;
  /** The same as this other figure of the bench. */
  equals?: string;
  /** `must`: the bench fails when it is missed. `aim`: it is only told. */
  kind: 'must' | 'aim';
  from: string;
}

const measured = (value: string) => `an earlier measurement of the same parts gave ${value}`;

/**
 * Every figure of every bench by its name in the RESULT line, with its target. MB is 10^6 bytes; a ratio is ours / the
 * peer's in the same run; undefined: told, without a target.
 */
export const figureTargets = {
  'service-size': {
    binaryMB: { most: 12.8, kind: 'must', from: measured('12.40') },
    imageMB: { most: 13.0, kind: 'must', from: measured('12.62') },
    ginBinaryMB: { most: 13.9, kind: 'must', from: measured('13.60') },
    redisBinaryMB: { most: 14.7, kind: 'must', from: measured('14.25') },
  },
  'service-overhead': {
    ratioSampledLog: { most: 1 / 5, kind: 'must', from: measured('1/5.4') },
    ratioFullLog: { most: 1 / 3.5, kind: 'must', from: measured('1/3.9') },
    ratioKeep: undefined,
    // Both are counted above the bare handler, whose own are taken off.
    allocsUnsampled: { most: 5, kind: 'must', from: measured('4, which is 3 above the bare handler') },
    allocsParent: { most: 8, kind: 'must', from: measured('7, which is 6 above the bare handler') },
  },
  'service-soak': {
    heapGrowthMB: { most: 1, kind: 'must', from: 'flat: within what two garbage collections differ by' },
    goroutineGrowth: { most: 0, kind: 'must', from: 'flat' },
    p99Ratio: undefined,
    p999Ratio: undefined,
  },
  'create-to-first-trace': {
    warmSeconds: { most: 10, kind: 'aim', from: 'a person waits that long' },
    coldSeconds: { most: 60, kind: 'aim', from: 'a cup of coffee is not to be had in that time' },
  },
  'dockerfile-real-modules': {
    modules: undefined,
    built: { equals: 'modules', kind: 'must', from: 'a generated Dockerfile builds, or none is written' },
    ran: { equals: 'modules', kind: 'must', from: 'what the binary needs is in its image' },
    rebuildCpuRatio: { most: 1 / 10, kind: 'must', from: 'only what changed is compiled again' },
  },
  'gate-detection': {
    cases: undefined,
    missed: { most: 0, kind: 'must', from: 'each bad file has one defect that a rule is for' },
    falseAlarms: { most: 0, kind: 'must', from: 'each clean twin lacks just that defect' },
  },
  'gate-hadolint': {
    cases: undefined,
    agreement: { least: 0.97, kind: 'must', from: "people who have hadolint's findings keep them" },
    cpuRatio1: undefined,
    cpuRatio500: { most: 1 / 10, kind: 'must', from: 'a gate in every pipeline must not be waited for' },
  },
  'ingest-traces': {
    ratio512: { most: 1 / 4, kind: 'must', from: measured('1/2.7') },
    ratio512Gzip: { most: 1 / 4, kind: 'must', from: measured('1/3.3') },
    ratio128: undefined,
    ratio32: { most: 2 / 3, kind: 'must', from: measured('1/1.1') },
    ratio8: { most: 1, kind: 'must', from: measured('1') },
    ratioJson: { most: 1 / 2, kind: 'must', from: 'an encoding that costs every receiver more' },
    ackP99Ms: undefined,
  },
  'ingest-logs': {
    ratioOtlp: { most: 1 / 4, kind: 'must', from: 'what a span costs' },
    ratioFile: {
      most: 1 / 4,
      kind: 'must',
      from: measured("31 MB/s a core for the Collector's, 336 for JSON.parse"),
    },
  },
  'rules-cost': {
    ratioRoute: { most: 1 / 120, kind: 'must', from: measured('1/158') },
    ratioService: { most: 1 / 80, kind: 'must', from: measured('1/101') },
    ratioCpu: { most: 1 / 3, kind: 'must', from: 'a Prometheus holds more than one service' },
  },
  'rules-truth': {
    maxErrorPercent: {
      most: 2.5,
      kind: 'must',
      from: 'a budget that is told in minutes must be right to the minute',
    },
    nanSamples: { most: 0, kind: 'must', from: 'no traffic is no verdict, and a verdict is a number' },
  },
  render: {
    ratio1: {
      most: 1 / 3,
      kind: 'must',
      from: 'a command that is run with every commit must not be waited for',
    },
    ratio100: { most: 1 / 3, kind: 'must', from: 'the same as with one objective' },
    ratio1000: { most: 1 / 3, kind: 'must', from: 'the same as with one objective' },
    wholeRatio1: undefined,
    wholeRatio100: undefined,
    wholeRatio1000: undefined,
  },
  detection: {
    worstDelayRatio: {
      most: 1.1,
      kind: 'must',
      from: 'whoever waits for a page shall not wait longer for a better one',
    },
    falsePages: { most: 0, kind: 'must', from: 'a healthy route wakes nobody' },
    slothFalsePages: undefined,
  },
  seal: {
    totalCpuRatio: { most: 1, kind: 'must', from: 'what can be searched costs no more than what cannot' },
    bytesRatio: { most: 0.7, kind: 'must', from: measured('27.8 B a span, 46 in the file of the Collector') },
  },
  scrape: {
    corePercent: { most: 1, kind: 'must', from: 'a sidecar must not be felt' },
    parserRatio: { least: 1, kind: 'must', from: "the parser that scrapes most of the world's services" },
  },
  query: {
    traceP99Ms1M: { most: 10, kind: 'must', from: measured('5 to 6 ms') },
    traceP99Ms10M: { most: 10, kind: 'must', from: 'the same as over a million' },
    attributeSealedP95Ms1M: { most: 30, kind: 'must', from: measured('2.4 to 4.4 ms for an indexed column') },
    attributeSealedP95Ms10M: { most: 30, kind: 'must', from: 'the same as over a million' },
    attributeHotP95Ms1M: { most: 500, kind: 'must', from: measured('600 to 900 ms') },
    attributeHotP95Ms10M: undefined,
    quantileByRouteMs1M: { most: 300, kind: 'must', from: "VictoriaTraces's 0.19 s" },
    quantileByRouteMs10M: undefined,
  },
  'rca-nezha': {
    faults: undefined,
    ac1: { least: 23 / 24, kind: 'must', from: 'a recipe tuned on these faults names all of 24' },
    ac3: { least: 1, kind: 'must', from: 'the same' },
    ac5: undefined,
    avg5: undefined,
    mrr: undefined,
    chanceAc1: undefined,
    naiveAc1: undefined,
    confidentRight: { least: 1, kind: 'must', from: 'who is sure must be right' },
    evidence1: {
      least: 0.75,
      kind: 'must',
      from: 'the first thing that is shown is what a person would name',
    },
    evidence3: { least: 0.95, kind: 'must', from: 'or it is among the first three' },
    onsetWithin60s: { least: 0.9, kind: 'must', from: measured('.875') },
    unaidedAc1: { least: 0.9, kind: 'must', from: measured('.917') },
    leftOutAc1: undefined,
    quietWindows: undefined,
    quietIncidents: undefined,
  },
  'rca-faults': {
    faults: { least: 12, kind: 'must', from: 'the ways in which services usually fail' },
    rank1: { least: 1, kind: 'must', from: 'each fault is made, so its cause is known' },
    evidence: { least: 1, kind: 'must', from: 'a cause without its evidence is a guess' },
    worstSeconds: { most: 60, kind: 'must', from: 'a person has opened the console by then' },
  },
  'rca-cost': {
    seconds: { most: 10, kind: 'must', from: 'who is woken waits that long once' },
    rssMB: { most: 300, kind: 'must', from: 'what a sidecar is given' },
    lostSpans: { most: 0, kind: 'must', from: 'an explanation must not cost what it explains' },
  },
  'rca-quiet': {
    hours: undefined,
    falseIncidents: { most: 1, kind: 'must', from: 'who is woken for nothing each day stops listening' },
    missed: { most: 0, kind: 'must', from: 'a detector that says nothing is quiet, too' },
  },
  footprint: {
    idleMB: { most: 130, kind: 'must', from: measured('126 with two workers that idle') },
    loadedMB: { most: 256, kind: 'must', from: 'half of what a sidecar is usually given' },
    bytesPerSpan: undefined,
    imageMB: { most: 130, kind: 'must', from: measured('108 for Node without symbols') },
    imageGzipMB: { most: 45, kind: 'must', from: measured('40 for Node without symbols') },
  },
} as const satisfies Record<string, Record<string, Target | undefined>>;

export type BenchName = keyof typeof figureTargets;

/** The figures of a bench; null: could not be measured on this machine, its notes say why. */
export type Figures<Name extends BenchName = BenchName> = Record<
  Name extends Name ? keyof (typeof figureTargets)[Name] & string : never,
  number | null
>;

/** The targets of one bench, in the order of its figures. */
export function targetsOf(bench: BenchName): [figure: string, target: Target | undefined][] {
  return Object.entries(figureTargets[bench]);
}

export type Verdict = 'met' | 'missed' | 'told' | 'not measured';

type Measured = Readonly<Record<string, number | null>>;

/** What a measured value means for its target, which may name another of the bench's `figures`. */
export function verdict(value: number | null, target: Target | undefined, figures: Measured = {}): Verdict {
  if (value === null) return 'not measured';
  if (target === undefined) return 'told';
  const { most = Infinity, least = -Infinity, equals } = target;
  const same = equals === undefined || value === figures[equals];
  return value <= most && value >= least && same ? 'met' : 'missed';
}

/** True when a figure missed a target that it must meet, and is none of the `explained` ones. */
export function missesTarget(
  bench: BenchName,
  figures: Measured,
  explained: readonly string[] = [],
): boolean {
  return targetsOf(bench).some(
    ([name, target]) =>
      target?.kind === 'must' &&
      verdict(figures[name] ?? null, target, figures) === 'missed' &&
      !explained.includes(name),
  );
}

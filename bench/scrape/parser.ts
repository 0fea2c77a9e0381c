// Our parser of OpenMetrics in a process of its own, asked as bench/peers/textparse is: one line of JSON at a time,
// {"paths":[…],"passes":N,"known":true}, answered with the CPU time of the whole process, garbage collection included.
// `known`: one target is scraped again and again, as in a running collector; otherwise every scrape is a target's first.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parsePrometheusText } from '../../collector/formats/prometheus-text/parse-text.ts';
import { SeriesCache } from '../../collector/formats/prometheus-text/series-cache.ts';
import type { ParserAnswer, ParserQuestion } from './parsers.ts';

const labels = { job: 'shop', instance: 'shop:8081' };
const timeUnixNano = 1_700_000_000_000_000_000n;

function measure({ paths, passes, known }: ParserQuestion): ParserAnswer {
  const bodies = paths.map((path) => readFileSync(path));
  const kept = new SeriesCache({ labels });
  const found = { cpuSeconds: 0, bytes: 0, samples: 0, exemplars: 0 };
  const start = process.cpuUsage();
  for (let pass = 0; pass < passes; pass++) {
    for (const body of bodies) {
      const cache = known ? kept : new SeriesCache({ labels });
      const { index, count } = parsePrometheusText(body, 'openmetrics', cache, timeUnixNano).builder.build();
      cache.commit();
      found.bytes += body.length;
      found.samples += count;
      found.exemplars += index.exemplars.value.length;
    }
  }
  const { user, system } = process.cpuUsage(start);
  return { ...found, cpuSeconds: (user + system) / 1e6 };
}

console.log(JSON.stringify('ready'));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(measure(JSON.parse(line) as ParserQuestion)));
}

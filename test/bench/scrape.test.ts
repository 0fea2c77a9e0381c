import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expositions } from '../../bench/scrape/exposition.ts';
import { speedRatio } from '../../bench/scrape/parsers.ts';
import { parsePrometheusText } from '../../collector/formats/prometheus-text/parse-text.ts';
import { SeriesCache } from '../../collector/formats/prometheus-text/series-cache.ts';

test('what is exposed has the series that were asked for, and an exemplar in every bucket, most of them new', () => {
  const cache = new SeriesCache({ labels: {} });
  const scrapes = expositions({ series: 1000, startSeconds: 1_700_000_000 }, 2).map((text) => {
    const { builder, parsed } = parsePrometheusText(Buffer.from(text), 'openmetrics', cache, 0n);
    return {
      ...parsed,
      ended: cache.commit().length,
      exemplars: builder.build().index.exemplars.value.length,
    };
  });
  const buckets = 53 * 15;
  assert.deepEqual(scrapes[0], { samples: 1000, duplicates: 0, added: 1000, ended: 0, exemplars: buckets });
  const { exemplars, ...second } = scrapes[1]!;
  assert.deepEqual(second, { samples: 1000, duplicates: 0, added: 0, ended: 0 });
  assert.ok(exemplars > buckets * 0.7 && exemplars < buckets * 0.9, `${exemplars} of ${buckets}`);
});

test('a ratio of speeds is the median over the rounds', () => {
  assert.equal(speedRatio([100, 300, 50], [100, 100, 100]), 1);
});

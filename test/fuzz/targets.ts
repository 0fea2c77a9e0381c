import { formatsTarget } from './formats/target.ts';
import { goTarget } from './go-target.ts';
import { jsTarget } from './js-target.ts';
import type { FuzzTarget } from './target.ts';

/** Every fuzz target by its name on the command line. */
export const targets: Readonly<Record<string, FuzzTarget>> = {
  traceparent: goTarget(
    'any traceparent and tracestate through the middleware of a route',
    'internal/telemetry',
    'FuzzTraceparent',
  ),
  sampler: goTarget('the sampler against the rules of the specification', 'internal/spans', 'FuzzSampler'),
  redaction: goTarget('log lines stay JSON and lose their secrets', 'internal/redact', 'FuzzJSON'),
  formats: formatsTarget,
  archive: jsTarget('the reader of .go-sre/base.tar.gz', 'archive'),
  merge: jsTarget("the three-way merge of go-sre update: no line of the user's is lost", 'merge'),
  routes: jsTarget('go-sre route add over any table of routes: every byte stays', 'routes'),
  image: jsTarget('the reader of images: tar, layers, ELF files, build info', 'image'),
  dockerfile: jsTarget(
    'go-sre check over any Dockerfile: it ends, names lines that are there, and mends',
    'dockerfile',
    {
      inputs: 'files',
      defaultExecs: 1_000_000,
    },
  ),
  masking: jsTarget(
    'secrets masked in any body: records stay where they are, and nothing is masked twice',
    'masking',
  ),
  spec: jsTarget('the reader of objectives: ours, OpenSLO and Sloth, in YAML and JSON', 'spec'),
  shell: jsTarget('the reader of the shell in a RUN: it ends, and every word lies in the text', 'shell'),
};

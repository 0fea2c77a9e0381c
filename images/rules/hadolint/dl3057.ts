import { hadolintRule } from './card.ts';
import { type From, stageName, stretchesOf } from './from.ts';

export const dl3057 = hadolintRule({
  code: 'DL3057',
  severity: 'off',
  title: 'The image has a HEALTHCHECK',
  what: 'Finds stages without HEALTHCHECK that no stage with one is built on. Off unless a configuration gives it a severity.',
  why: 'Where no orchestrator probes the service, the engine knows only whether the process is there.',
  mend: 'Add HEALTHCHECK, or HEALTHCHECK NONE where something else probes.',
  check: ({ build }) => {
    const checked = new Set<From>();
    const base = new Map<From, From | undefined>();
    const byName = new Map<string, From>();
    for (const { from, instructions } of stretchesOf(build.dockerfile.instructions)) {
      if (from === undefined) continue;
      const parent = byName.get(from.name);
      base.set(from, parent);
      byName.set(stageName(from), from);
      if (parent !== undefined && checked.has(parent)) checked.add(from);
      if (!instructions.some(({ keyword }) => keyword === 'healthcheck')) continue;
      for (let stage: From | undefined = from; stage !== undefined; stage = base.get(stage))
        checked.add(stage);
    }
    return [...base.keys()]
      .filter((from) => !checked.has(from))
      .map(({ instruction }) => ({ line: instruction.startLine, message: 'The stage has no HEALTHCHECK.' }));
  },
});

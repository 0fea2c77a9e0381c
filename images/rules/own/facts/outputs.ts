import { mountsOf } from '../../../dockerfile/mounts.ts';
import { type Build, lineage, type Stage, stageOf } from '../../../dockerfile/stages.ts';

/** Stages with such names are built for their developers and never shipped. */
const inner =
  /(?:^|[-_])(?:dev|devel|develop|development|debug|test|tests|testing|unit|lint|ci|local|build|builder|base)(?:$|[-_])/;

/**
 * The stages that images are made of: the last one, and those that no stage uses, that say what they run and whose name is
 * none of development (`docker build --target server` of several).
 */
export function outputStages(build: Build): Stage[] {
  const used = usedStages(build);
  const last = build.stages.at(-1);
  return build.stages.filter((stage) => stage === last || (!used.has(stage) && isShipped(stage)));
}

/** Stages whose instructions end in an image that is made. */
export function outputLineage(build: Build): Set<Stage> {
  return new Set(outputStages(build).flatMap(lineage));
}

function isShipped({ name, instructions }: Stage): boolean {
  if (name === undefined || inner.test(name)) return false;
  return instructions.some(({ keyword }) => keyword === 'entrypoint' || keyword === 'cmd');
}

function usedStages(build: Build): Set<Stage> {
  const used = new Set<Stage>();
  for (const stage of build.stages) {
    if (stage.base.kind === 'stage') used.add(stage.base.stage);
    for (const { keyword, flags } of stage.instructions.map((one) => one.trigger ?? one)) {
      const names = [
        ...(keyword === 'copy' || keyword === 'add' ? flags.filter(({ name }) => name === 'from') : []).map(
          ({ value }) => value,
        ),
        ...mountsOf({ flags }).map((mount) => mount.fields.get('from')),
      ];
      for (const name of names) {
        const from = name === undefined ? undefined : stageOf(build, name, stage);
        if (from !== undefined) used.add(from);
      }
    }
  }
  return used;
}

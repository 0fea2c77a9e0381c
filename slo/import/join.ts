import { groupedBy } from '../grouped-by.ts';
import type { Service, Slo } from '../slo.ts';
import { maxSlos } from '../spec/keys.ts';
import { show } from '../spec/problems.ts';
import { type Draft, placeText, type Tell } from './draft.ts';

/** A service as one document states it. */
export interface ReadService {
  readonly service: Service;
  readonly draft: Draft;
}

/**
 * Joins what several documents say of one service. Objectives keep their own document's owner and runbook; an id that stands
 * twice, and what can be only one of a service and differs, are problems.
 */
export function joinServices(all: readonly ReadService[], tell: Tell): readonly Service[] {
  const byName = groupedBy(all, ({ service }) => service.name);
  return [...byName.values()].map((parts) => (parts.length === 1 ? parts[0]!.service : joined(parts, tell)));
}

function joined(parts: readonly ReadService[], tell: Tell): Service {
  const first = parts[0]!;
  const ids = new Map<string, string>();
  const slos = parts.flatMap((part) => {
    agree(part, first, tell);
    return part.service.slos.map((slo, index) => {
      const place = part.draft.placeOf(`slos[${index}].id`);
      const earlier = ids.get(slo.id);
      if (earlier)
        tell.problem(
          place,
          `"${slo.id}" is also an id of ${first.service.name} in ${earlier}; ids must differ`,
        );
      else ids.set(slo.id, placeText(place));
      return ofPart(slo, part.service, first.service);
    });
  });
  if (slos.length > maxSlos)
    tell.problem(
      first.draft.place,
      `${slos.length} objectives are more than the ${maxSlos} that one service may have`,
    );
  const told = parts.map(({ service }) => service).reverse();
  const routing = Object.assign({}, ...told.map((service) => service.routing ?? {}));
  const grafana = told.findLast((service) => service.grafana !== undefined)?.grafana;
  return {
    ...first.service,
    slos,
    ...(grafana === undefined ? {} : { grafana }),
    ...(Object.keys(routing).length === 0 ? {} : { routing }),
  };
}

/** What can be only one of a service; what one document leaves out, another may say. */
function agree(part: ReadService, first: ReadService, tell: Tell): void {
  const [own, other] = [part.service, first.service];
  const pairs = [
    ['job', own.job ?? own.name, other.job ?? other.name],
    ['grafana', own.grafana, other.grafana],
    ['routing.page', own.routing?.page, other.routing?.page],
    ['routing.ticket', own.routing?.ticket, other.routing?.ticket],
  ] as const;
  for (const [key, value, earlier] of pairs) {
    if (value === undefined || earlier === undefined || value === earlier) continue;
    const where = placeText(first.draft.placeOf(key));
    tell.problem(
      part.draft.placeOf(key),
      `${show(value)} is not ${show(earlier)} of ${where}; one service has one`,
    );
  }
}

/** An objective answers for itself where its document's owner or runbook is not that of the joined service. */
function ofPart(slo: Slo, { owner, runbook }: Service, joint: Service): Slo {
  return {
    ...slo,
    ...(slo.owner === undefined && owner !== joint.owner ? { owner } : {}),
    ...(slo.runbook === undefined && runbook !== joint.runbook ? { runbook } : {}),
  };
}

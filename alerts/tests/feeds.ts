import type { Service, Slo } from '../../slo/index.ts';
import { customFeed } from './custom.ts';
import { gaugeFeed } from './gauges.ts';
import { requestFeed } from './requests.ts';
import type { Feed } from './source.ts';

/** How one objective is fed; undefined where no series are known that it would count. */
export function feedOf(service: Service, slo: Slo): Feed | undefined {
  const { sli } = slo;
  switch (sli.kind) {
    case 'custom':
      return customFeed(slo, sli);
    case 'saturation':
    case 'freshness':
      return gaugeFeed(slo, sli);
    case 'errors':
      return requestFeed(service, [slo], sli.errorTypes[0]);
    default:
      return requestFeed(service, [slo]);
  }
}

/**
 * All objectives that can be fed, as many as possible of one feed: those that one bad request is bad for. The first of them are
 * the requests; what counts series or events of its own stands alone.
 */
export function outageFeeds(service: Service): readonly Feed[] {
  const together = service.slos.filter(isOfRequests);
  const errorTypes = together.flatMap(({ sli }) => (sli.kind === 'errors' ? [sli.errorTypes[0]!] : []));
  const [first, ...others] = errorTypes.length > 0 ? [...new Set(errorTypes)] : [undefined];
  const failing =
    (type: string) =>
    ({ sli }: Slo) =>
      sli.kind === 'errors' && sli.errorTypes[0] === type;
  const shared = together.filter(({ sli }) => sli.kind !== 'errors' || sli.errorTypes[0] === first);
  const feeds = [
    ...(shared.length > 0 ? [requestFeed(service, shared, first)] : []),
    ...others.map((type) => requestFeed(service, together.filter(failing(type!)), type)),
    ...service.slos.filter((slo) => !isOfRequests(slo)).map((slo) => feedOf(service, slo)),
  ];
  return feeds.filter((feed) => feed !== undefined);
}

/** True where an outage of its requests can be one of other objectives' too. */
function isOfRequests({ sli, by }: Slo): boolean {
  if (by.length > 0 || (sli.kind === 'latency' && sli.histogram === 'native')) return false;
  return sli.kind === 'availability' || sli.kind === 'latency' || sli.kind === 'errors';
}

import { at, isObject, stringAt } from './json.ts';
import { type PodImage, podImages } from './pod-images.ts';
import { admits, explain, type ImageVerdict } from './reason.ts';

/** The only version of the API that is answered. Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
const reviewVersion = 'admission.k8s.io/v1';

/** What an admission request asks. */
export type Review = {
  uid: string;
  operation: string;
  kind: string;
  /** Empty for an object without one. */
  namespace: string;
  name: string;
  user: string;
  /** Of an update only the images that were not there before. */
  images: readonly PodImage[];
};

/** A request that cannot be read; with its uid where that could, so that it can be refused in due form. */
export type BadReview = { uid: string | undefined; problem: string };

/**
 * Reads an AdmissionReview as the API server sends it. Only CREATE and UPDATE bring images in; an update brings in those
 * that the old object did not run.
 */
export function parseReview(body: unknown): Review | BadReview {
  const request = at(body, 'request');
  const uid = stringAt(request, 'uid');
  if (stringAt(body, 'kind') !== 'AdmissionReview') return { uid, problem: 'kind is not AdmissionReview' };
  const version = stringAt(body, 'apiVersion');
  if (version !== reviewVersion)
    return { uid, problem: `apiVersion is ${JSON.stringify(version)}, not ${reviewVersion}` };
  if (!isObject(request)) return { uid, problem: 'request is missing' };
  if (uid === undefined || uid === '') return { uid: undefined, problem: 'request.uid is missing' };
  const operation = stringAt(request, 'operation');
  if (operation === undefined) return { uid, problem: 'request.operation is missing' };
  const images = newImages(request, operation);
  if ('problem' in images) return { uid, problem: images.problem };
  return {
    uid,
    operation,
    kind: stringAt(request, 'kind', 'kind') ?? '',
    namespace: stringAt(request, 'namespace') ?? '',
    name: stringAt(request, 'name') ?? stringAt(request, 'object', 'metadata', 'generateName') ?? '',
    user: stringAt(request, 'userInfo', 'username') ?? '',
    images,
  };
}

function newImages(request: unknown, operation: string): readonly PodImage[] | { problem: string } {
  if (operation !== 'CREATE' && operation !== 'UPDATE') return [];
  const kind = stringAt(request, 'kind', 'kind');
  const group = stringAt(request, 'kind', 'group');
  if (kind === undefined || group === undefined) return { problem: 'request.kind is missing' };
  const now = podImages(group, kind, at(request, 'object'));
  if ('problem' in now || operation === 'CREATE') return now;
  const before = podImages(group, kind, at(request, 'oldObject'));
  if ('problem' in before) return now;
  const old = new Set(before.map(({ image }) => image));
  return now.filter(({ image }) => !old.has(image));
}

/** Kubernetes cuts longer warnings. Source: k8s.io/api/admission/v1, AdmissionResponse.Warnings */
const maxWarning = 256;
/** Of a message that a person reads in a terminal. */
const maxMessage = 4000;

/** The answer to a request whose images were all judged. */
export function answerReview(uid: string, verdicts: readonly ImageVerdict[], failOpen: boolean): unknown {
  const refused = verdicts.filter((verdict) => !admits(verdict, failOpen));
  if (refused.length > 0) return refusal(uid, refused.map(explain).join('\n'));
  const warnings = verdicts
    .filter((verdict) => !admits(verdict, false))
    .map((verdict) => `let in unjudged: ${explain(verdict)}`.slice(0, maxWarning));
  return envelope({ uid, allowed: true, ...(warnings.length === 0 ? {} : { warnings }) });
}

/** The answer that refuses for a reason that is no image's. */
export function refusal(uid: string, message: string): unknown {
  return envelope({
    uid,
    allowed: false,
    status: { status: 'Failure', code: 403, reason: 'Forbidden', message: message.slice(0, maxMessage) },
  });
}

function envelope(response: unknown): unknown {
  return { apiVersion: reviewVersion, kind: 'AdmissionReview', response };
}

/**
 * Why an image is let in, refused, or could not be judged. Only what could not be judged may pass under `failOpen`;
 * what was judged and refused never does.
 */
type Outcome = 'accepted' | 'refused' | 'undecided';

type ReasonCard = { outcome: Outcome; what: string; mend: string };

/** Every reason once, as docs/registry-admission.md lists them. */
export const reasons = {
  signed: { outcome: 'accepted', what: 'its signature was verified', mend: '' },
  exempt: { outcome: 'accepted', what: 'the policy exempts it', mend: '' },
  unsigned: {
    outcome: 'refused',
    what: 'it has no signature',
    mend: 'Sign its digest with cosign sign, after it is pushed.',
  },
  'wrong-signer': {
    outcome: 'refused',
    what: 'no signature of it is by the wanted signer',
    mend: 'Sign it with the key or identity that the policy names, or name the one that signed it.',
  },
  tampered: {
    outcome: 'refused',
    what: 'image and signature do not belong together, or bytes were altered',
    mend: 'Find out who pushed it; build, push and sign it anew.',
  },
  expired: {
    outcome: 'refused',
    what: 'its signature or the certificate of it is too old',
    mend: 'Build and sign it anew, or allow an older signature.',
  },
  'age-unknown': {
    outcome: 'refused',
    what: 'nothing trustworthy tells when it was signed, and the policy sets an age',
    mend: 'Sign with a transparency log, or with -a go-sre.dev/signed-at=$(date -u +%FT%TZ).',
  },
  'image-not-found': {
    outcome: 'refused',
    what: 'the registry has no such image',
    mend: 'Push it, or mend its name, tag or digest.',
  },
  'not-by-digest': {
    outcome: 'refused',
    what: 'it is named by a tag, which may move',
    mend: 'Name it with its digest: NAME@sha256:….',
  },
  'too-large': {
    outcome: 'refused',
    what: 'its layers are larger than the budget',
    mend: 'Make it smaller, or raise maxImageSize.',
  },
  'no-policy': {
    outcome: 'refused',
    what: 'no policy covers it',
    mend: 'Add a policy whose images and namespaces cover it.',
  },
  'bad-reference': { outcome: 'refused', what: 'its name is no image reference', mend: 'Mend the name.' },
  'bad-request': { outcome: 'refused', what: 'the request cannot be read', mend: 'Look at what sends it.' },
  'registry-unreachable': {
    outcome: 'undecided',
    what: 'the registry does not answer',
    mend: 'Look at the registry and at the network to it.',
  },
  'registry-denied': {
    outcome: 'undecided',
    what: 'the registry refuses the credentials, or asks for some',
    mend: 'Log in with docker login, or mount a config.json with a pull secret (DOCKER_CONFIG).',
  },
  timeout: {
    outcome: 'undecided',
    what: 'it was not judged in time',
    mend: 'Look at how fast the registry answers; raise the time limit where there is room.',
  },
  overloaded: {
    outcome: 'undecided',
    what: 'too many images were waiting',
    mend: 'Raise the concurrency or run more replicas.',
  },
  'cosign-missing': {
    outcome: 'undecided',
    what: 'the cosign program is not there',
    mend: 'Install cosign 2 or newer, or name it with --cosign PATH.',
  },
  'cosign-failed': {
    outcome: 'undecided',
    what: 'cosign could not do its work',
    mend: 'Run the same cosign verify by hand.',
  },
} as const satisfies Record<string, ReasonCard>;

export type Reason = keyof typeof reasons;

/** What became of one image. */
export type ImageVerdict = {
  /** As it was asked for. */
  image: string;
  /** `sha256:…` of what was judged, once it is known. */
  digest: string | undefined;
  reason: Reason;
  /** What exactly was seen, where there is more to say than the reason: one line without secrets. */
  detail: string;
  /** When it was signed, milliseconds since 1970, where an age was asked for and known. */
  signedAtMs?: number;
};

/** Whether the verdict lets the image in. */
export function admits({ reason }: ImageVerdict, failOpen: boolean): boolean {
  const { outcome }: ReasonCard = reasons[reason];
  return outcome === 'accepted' || (failOpen && outcome === 'undecided');
}

/** The verdict as one sentence for a person. */
export function explain({ image, reason, detail }: ImageVerdict): string {
  const { what, mend }: ReasonCard = reasons[reason];
  const seen = detail === '' ? '' : ` (${detail})`;
  return `${image}: ${reason}: ${what}${seen}.${mend === '' ? '' : ` ${mend}`}`;
}

import type { ImageRule } from './rule.ts';

export const userMissing: ImageRule = {
  code: 'user-missing',
  severity: 'warning',
  title: 'The image says who runs it',
  what: 'The configuration of the image names a user.',
  why: 'Without one the process is root in its container, and a hole in it is a hole in everything the container may touch.',
  mend: 'Add `USER 65532:65532` to the last stage, a number, so that Kubernetes can check `runAsNonRoot`.',
  link: 'https://docs.docker.com/reference/dockerfile/#user',
  *check({ image: { config } }) {
    if (config.user.trim() === '') yield 'The image runs as root: it names no user.';
  },
};

export const userRoot: ImageRule = {
  code: 'user-root',
  severity: 'error',
  title: 'The image does not run as root',
  what: 'The user of the image is not root: neither `root` nor 0, nor a name that its /etc/passwd gives the number 0.',
  why: 'A process that is root in its container needs one hole in the kernel or one mount too many to be root outside.',
  mend: 'End the last stage with a USER that is not root, best by number: `USER 65532:65532`.',
  link: 'https://docs.docker.com/build/building/best-practices/#user',
  *check({ image: { config, rootNames } }) {
    const [user = ''] = config.user.trim().split(':');
    if (config.user.trim() === '') return; // user-missing
    if (user === '' || user === 'root' || /^0+$/.test(user) || rootNames.has(user)) {
      yield `The image runs as root: its user is ${JSON.stringify(config.user)}.`;
    }
  },
};

export const userName: ImageRule = {
  code: 'user-name',
  severity: 'info',
  title: 'The user of the image is a number',
  what: 'The user of the image is told by its number and not by its name.',
  why: 'Kubernetes cannot see that a name is not root: with `runAsNonRoot` it does not start the container.',
  mend: 'Write the number: `USER 65532:65532`.',
  link: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted',
  *check({ image: { config, rootNames } }) {
    const [user = ''] = config.user.trim().split(':');
    if (user !== '' && user !== 'root' && !rootNames.has(user) && !/^\d+$/.test(user))
      yield `The image's user is a name, ${JSON.stringify(user)}.`;
  },
};

const label = 'org.opencontainers.image.source';

export const sourceLabel: ImageRule = {
  code: 'source-label',
  severity: 'warning',
  title: 'The image says where its source is',
  what: `The image has the label \`${label}\`.`,
  why: 'Who finds a hole in a running image has to find its source; registries and update bots link the two by this label.',
  mend: `Add \`LABEL ${label}="https://…"\` to the last stage, by an ARG where the address differs.`,
  link: 'https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys',
  *check({ image: { config } }) {
    const value = config.labels.get(label);
    if (value === undefined) yield `The image has no label ${label}.`;
    else if (value.trim() === '') yield `The image's label ${label} is empty.`;
  },
};

import { secretInVariable, secretValues } from '../secrets.ts';
import type { ImageRule } from './rule.ts';

export const setuidFile: ImageRule = {
  code: 'setuid-file',
  severity: 'warning',
  title: 'No program gives its caller the rights of another user',
  what: 'No file of the image has the setuid or the setgid bit.',
  why: 'Such a program is how a process that is not root becomes root, and a service never needs one.',
  mend: 'Base the image on scratch or distroless, or take the bit off in the layer that brings it: RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} +',
  link: 'https://man7.org/linux/man-pages/man7/inode.7.html',
  *check({ image: { setuid } }) {
    for (const { path, mode, uid } of setuid) {
      yield `/${path} of user ${uid} has the ${(mode & 0o4000) === 0 ? 'setgid' : 'setuid'} bit (mode ${mode.toString(8)}).`;
    }
  },
};

export const worldWritable: ImageRule = {
  code: 'world-writable',
  severity: 'warning',
  title: 'No file may be written by everybody',
  what: 'No file of the image has the write bit for others.',
  why: 'A process that was taken over can put there what is run or read next.',
  mend: 'Copy with --chmod, such as COPY --chmod=0755, or mend the mode in the repository.',
  link: 'https://man7.org/linux/man-pages/man7/inode.7.html',
  *check({ image: { worldWritable: files } }) {
    for (const { path, mode } of files)
      yield `/${path} may be written by everybody (mode ${mode.toString(8).padStart(4, '0')}).`;
  },
};

export const secretInLayer: ImageRule = {
  code: 'secret-in-layer',
  severity: 'error',
  title: 'No layer holds a secret',
  what: 'No file of any layer is a known keeper of secrets (.env, id_rsa, .npmrc with a token, …) or holds a private key or a token in the form of its issuer. Of a text the first MiB is read.',
  why: 'Who can pull the image can read every layer, also a file that a later layer removes.',
  mend: 'Take the secret back first, it is known now. Then give it to the build by RUN --mount=type=secret, and name the file in .dockerignore.',
  link: 'https://docs.docker.com/build/building/secrets/',
  *check({ image: { secrets } }) {
    const seen = new Set(secrets.flatMap(({ file, visible }) => (visible ? [file.path] : [])));
    for (const { file, secrets: found, visible } of secrets) {
      if (!visible && seen.has(file.path)) continue;
      const what = [
        ...new Set(found.map(({ what: one, line }) => (line === undefined ? one : `${one} (line ${line})`))),
      ];
      const gone = visible ? '' : ', although a later layer hides it';
      yield `/${file.path} in layer ${file.layer + 1} holds ${what.join(', ')}${gone}.`;
    }
  },
};

/** `RUN |2 TOKEN=abc USER=x /bin/sh -c …`: what an ARG leaves in the history. */
const buildArguments = /^(?:RUN )?\|\d+ (.*?)(?: \/bin\/sh -c |$)/s;

export const secretInConfig: ImageRule = {
  code: 'secret-in-config',
  severity: 'error',
  title: 'Neither configuration nor history holds a secret',
  what: 'No environment variable, label, command or line of the history has the name or the form of a secret.',
  why: 'docker image inspect and docker history show them to everybody who can pull the image.',
  mend: 'Take the secret back first, it is known now. Then give it to the build by RUN --mount=type=secret, and to the program when it is run.',
  link: 'https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/',
  *check({ image: { config } }) {
    for (const variable of config.env) {
      const what = secretInVariable(variable);
      if (what !== undefined) yield `The environment variable ${variable.split('=')[0]} holds ${what}.`;
    }
    for (const [key, value] of config.labels) {
      const what = secretValues(value)[0]?.what;
      if (what !== undefined) yield `The label ${key} holds ${what}.`;
    }
    const command = secretValues([...config.entrypoint, ...config.cmd].join('\n'))[0]?.what;
    if (command !== undefined) yield `The command of the image holds ${command}.`;
    for (const [i, { createdBy }] of config.history.entries()) {
      if (/^ENV |#\(nop\) +ENV /.test(createdBy)) continue; // told as a variable
      const given = (buildArguments.exec(createdBy)?.[1] ?? '')
        .split(' ')
        .find((one) => secretInVariable(one) !== undefined);
      const what =
        given === undefined ? secretValues(createdBy)[0]?.what : `the build argument ${given.split('=')[0]}`;
      if (what !== undefined) yield `Step ${i + 1} of the history holds ${what}.`;
    }
  },
};

export const packageManager: ImageRule = {
  code: 'package-manager',
  severity: 'warning',
  title: 'An image that runs a Go binary has no package manager',
  what: 'No apk, apt, dpkg, yum, dnf, rpm, zypper or pacman is in an image whose program is a Go binary.',
  why: 'Nothing is installed in a running container but by an intruder; and it keeps a distribution in the image whose holes are reported for years.',
  mend: 'Copy the binary into scratch or distroless in a last stage.',
  link: 'https://github.com/GoogleContainerTools/distroless#why-should-i-use-distroless-images',
  *check({ image: { packageManagers, entry } }) {
    if (entry.goProgram === undefined || packageManagers.length === 0) return;
    yield `Beside the Go binary /${entry.goProgram.file.path} the image has ${paths(packageManagers)}.`;
  },
};

export const shell: ImageRule = {
  code: 'shell',
  severity: 'info',
  title: 'An image that runs a Go binary has no shell',
  what: 'No sh, bash, ash, dash, zsh or busybox is in an image whose program is a Go binary.',
  why: 'A service does not need one, and most ready-made attacks do.',
  mend: 'Copy the binary into scratch or distroless in a last stage; docker debug and kubectl debug bring a shell when one is wanted.',
  link: 'https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/#ephemeral-container',
  *check({ image: { shells, entry } }) {
    if (entry.goProgram === undefined || shells.length === 0) return;
    yield `Beside the Go binary /${entry.goProgram.file.path} the image has ${paths(shells)}.`;
  },
};

function paths(all: readonly string[]): string {
  const more = all.length > 5 ? ` and ${all.length - 5} more` : '';
  return (
    all
      .slice(0, 5)
      .map((path) => `/${path}`)
      .join(', ') + more
  );
}

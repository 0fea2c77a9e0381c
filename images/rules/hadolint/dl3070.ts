import { cacheMountRule, called } from './cache-mount.ts';

export const dl3070 = cacheMountRule({
  code: 'DL3070',
  tool: 'go',
  downloads: called(['go'], ['build', 'get', 'install', 'mod', 'run', 'test']),
  folders: ['.cache/go-build', 'go/pkg/mod'],
  mount: '/root/.cache/go-build',
});

import { cacheMountRule, called } from './cache-mount.ts';

export const dl3077 = cacheMountRule({
  code: 'DL3077',
  tool: 'gem and bundler',
  downloads: (command) =>
    called(['gem'], ['install', 'i'])(command) || called(['bundle'], ['install'])(command),
  folders: ['usr/local/bundle', '.gem'],
  mount: '/usr/local/bundle',
});

import { cacheMountRule, called } from './cache-mount.ts';

export const dl3073 = cacheMountRule({
  code: 'DL3073',
  tool: 'Composer',
  downloads: called(['composer'], ['install', 'update', 'require', 'create-project']),
  folders: ['.composer/cache', '.cache/composer'],
  mount: '/root/.composer/cache',
});

import { cacheMountRule, called } from './cache-mount.ts';

export const dl3069 = cacheMountRule({
  code: 'DL3069',
  tool: 'cargo',
  downloads: called(['cargo'], ['build', 'install', 'fetch', 'test', 'check', 'run']),
  folders: ['.cargo'],
  mount: '/root/.cargo/registry',
});

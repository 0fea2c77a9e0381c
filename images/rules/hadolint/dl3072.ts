import { cacheMountRule, called } from './cache-mount.ts';

export const dl3072 = cacheMountRule({
  code: 'DL3072',
  tool: 'Gradle',
  downloads: called(['gradle', './gradlew', 'gradlew']),
  folders: ['.gradle'],
  mount: '/root/.gradle',
});

import { cacheMountRule, called } from './cache-mount.ts';

export const dl3074 = cacheMountRule({
  code: 'DL3074',
  tool: 'NuGet',
  downloads: called(['dotnet', 'nuget'], ['restore', 'build', 'publish', 'install']),
  folders: ['.nuget/packages'],
  mount: '/root/.nuget/packages',
});

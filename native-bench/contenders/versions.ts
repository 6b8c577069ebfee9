import { readFile } from 'node:fs/promises';
import type { Contender } from './contender.ts';

/** Installed versions of the packages measured; a package that is not there is left out. */
export async function installedVersions(contenders: readonly Contender[]): Promise<Record<string, string>> {
  const names = new Set(contenders.flatMap(({ packageName }) => packageName ?? []));
  const found = await Promise.all(
    [...names].map(
      async (name) => [name, (await versionInModules(name)) ?? (await ownVersion(name))] as const,
    ),
  );
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function versionInModules(name: string): Promise<string | undefined> {
  return versionIn(new URL(`../../node_modules/${name}/package.json`, import.meta.url), name);
}

/** This package is not among its own dependencies. */
function ownVersion(name: string): Promise<string | undefined> {
  return versionIn(new URL('../../package.json', import.meta.url), name);
}

async function versionIn(manifest: URL, name: string): Promise<string | undefined> {
  try {
    const { name: found, version } = JSON.parse(await readFile(manifest, 'utf8')) as {
      name: string;
      version: string;
    };
    return found === name ? version : undefined;
  } catch {
    return undefined;
  }
}

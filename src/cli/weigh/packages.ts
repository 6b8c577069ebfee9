/**
 * Which package a file belongs to, and what packages come to together.
 *
 * @module
 */

export interface WeighedFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly gzip: number;
  readonly brotli: number;
}

export interface PackageWeight {
  /** The package's directory. */
  readonly directory: string;
  /** Its name, or the directory's for files outside any `node_modules`. */
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  readonly gzip: number;
  readonly brotli: number;
}

/** The innermost package of an absolute path, with `/` between names. */
export function packageOf(path: string, root: string): { readonly directory: string; readonly name: string } {
  const inside = path.match(/^(.*\/node_modules\/)((?:@[^/]+\/)?[^/]+)\//);
  if (!inside) return { directory: root, name: root.slice(root.lastIndexOf('/') + 1) };
  return { directory: inside[1]! + inside[2]!, name: inside[2]! };
}

/** Heaviest first by brotli size; equal ones by directory. */
export function weighPackages(files: readonly WeighedFile[], root: string): PackageWeight[] {
  const packages = new Map<string, PackageWeight>();
  for (const file of files) {
    const { directory, name } = packageOf(file.path, root);
    const before = packages.get(directory) ?? { files: 0, bytes: 0, gzip: 0, brotli: 0 };
    packages.set(directory, {
      directory,
      name,
      files: before.files + 1,
      bytes: before.bytes + file.bytes,
      gzip: before.gzip + file.gzip,
      brotli: before.brotli + file.brotli,
    });
  }
  return [...packages.values()].sort((a, b) => b.brotli - a.brotli || order(a.directory, b.directory));
}

/** Files whose content another file before them has. */
export function copies(files: readonly WeighedFile[]): { readonly files: number; readonly bytes: number } {
  const seen = new Set<string>();
  let count = 0;
  let bytes = 0;
  for (const file of files) {
    if (seen.has(file.sha256)) {
      count += 1;
      bytes += file.bytes;
    }
    seen.add(file.sha256);
  }
  return { files: count, bytes };
}

export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
}

export interface Selection {
  /** Largest first, so that no worker is left with a large file at the end. */
  readonly files: readonly FoundFile[];
  readonly bytes: number;
  readonly packages: number;
  readonly left: { readonly packages: number; readonly bytes: number };
}

/** The packages with the most bytes, whole ones, up to `limit` bytes; the first one in any case. */
export function selectPackages(found: readonly FoundFile[], root: string, limit: number): Selection {
  const packages = new Map<string, { bytes: number; files: FoundFile[] }>();
  for (const file of found) {
    const { directory } = packageOf(file.path, root);
    const group = packages.get(directory) ?? { bytes: 0, files: [] };
    group.bytes += file.bytes;
    group.files.push(file);
    packages.set(directory, group);
  }
  const ranked = [...packages].sort(([a, x], [b, y]) => y.bytes - x.bytes || order(a, b));
  const chosen: FoundFile[] = [];
  let bytes = 0;
  let count = 0;
  for (const [, group] of ranked) {
    if (count > 0 && bytes + group.bytes > limit) break;
    chosen.push(...group.files);
    bytes += group.bytes;
    count += 1;
  }
  const all = found.reduce((sum, file) => sum + file.bytes, 0);
  return {
    files: chosen.sort((a, b) => b.bytes - a.bytes || order(a.path, b.path)),
    bytes,
    packages: count,
    left: { packages: ranked.length - count, bytes: all - bytes },
  };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

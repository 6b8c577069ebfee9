/**
 * Whether a TypeScript file is an ES module, by Node's own rules.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';

const COMMONJS_PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];

/** By extension, then by the nearest `package.json`, then by what the source (types stripped) parses as. */
export function moduleFormat(path: string, source: string): 'module' | 'commonjs' {
  if (path.endsWith('.mts')) return 'module';
  if (path.endsWith('.cts')) return 'commonjs';
  return packageType(dirname(path)) ?? parsedFormat(source);
}

function packageType(directory: string): 'module' | 'commonjs' | undefined {
  for (let at = directory; basename(at) !== 'node_modules'; at = dirname(at)) {
    try {
      const { type } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as { type?: unknown };
      return type === 'module' || type === 'commonjs' ? type : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
    }
    if (dirname(at) === at) return undefined;
  }
  return undefined;
}

/** Only `import`, `export`, `import.meta` and top-level `await` keep a file from being a CommonJS function body. */
function parsedFormat(source: string): 'module' | 'commonjs' {
  try {
    compileFunction(source, COMMONJS_PARAMETERS);
    return 'commonjs';
  } catch {
    return 'module';
  }
}

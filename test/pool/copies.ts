/** Copies of the built package whose workers load the codec late, or not at all. */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export class Copy {
  /** Inside the repository, so that its dependencies are found. */
  readonly folder: string;

  constructor() {
    const parent = join(ROOT, '.millrace/copies');
    mkdirSync(parent, { recursive: true });
    this.folder = mkdtempSync(join(parent, 'copy-'));
    cpSync(join(ROOT, 'dist'), this.folder, { recursive: true });
  }

  get workerUrl(): string {
    return new URL(`file://${join(this.folder, 'workers/entry.js')}`).href;
  }

  lack(path: string): void {
    rmSync(join(this.folder, path));
  }

  /** Files named `.js` are of this format, unless a folder further down says otherwise. */
  declare(type: 'commonjs' | 'module'): void {
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify({ type }));
  }

  /** What is needed of the codec fails to load once the function that is returned is called. */
  breakCodecLater(): () => void {
    return this.#onSign("throw new TypeError('broken late');");
  }

  /** What is needed of the codec is loaded once the function that is returned is called. */
  delayCodec(): () => void {
    const path = join(this.folder, 'workers/payloads.js');
    renameSync(path, path.replace('payloads', 'whole-payloads'));
    return this.#onSign("export const { Payloads } = await import('./whole-payloads.js');");
  }

  #onSign(source: string): () => void {
    const sign = join(this.folder, 'sign');
    const text = `
      import { existsSync } from 'node:fs';
      while (!existsSync(${JSON.stringify(sign)})) await new Promise((resolve) => setTimeout(resolve, 5));
      ${source}`;
    writeFileSync(join(this.folder, 'workers/payloads.js'), text);
    return () => writeFileSync(sign, '');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * What a thread imports when it is first needed, or when there is nothing else to do.
 *
 * @module
 */
import type { Chunk, Steps } from './chunk.ts';
import { forks } from './fork/state.ts';
import type { Payloads } from './payloads.ts';
import type { Surroundings } from './surroundings.ts';
import type { WorkerView } from './view.ts';

/** The codec, and what needs it. */
export async function loadLate(
  view: WorkerView,
  { port, onMoved, names }: Surroundings,
  steps: Steps,
): Promise<{ readonly payloads: Payloads; readonly chunk: Chunk }> {
  const { Payloads } = await import('./payloads.ts');
  const payloads = new Payloads(view, port, onMoved);
  const { Chunk } = await import('./chunk.ts');
  if (forks.imported) {
    const { openForks } = await import('./fork/open.ts');
    openForks(forks, view, names);
  }
  return { payloads, chunk: new Chunk(view, port, payloads, steps) };
}

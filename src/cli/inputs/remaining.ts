/**
 * The inputs an interrupted run still has to do, after making sure that they are the same inputs.
 *
 * @module
 */

import { CommandFailure } from '../exit.ts';
import { showInput } from '../records/record.ts';
import type { DoneItems } from '../records/resume.ts';
import type { InputSource, MapInput } from './source.ts';

/**
 * Wraps a source so that it gives only what `done` lacks. Everything up to the last item done is compared before the
 * first item is given, so that nothing is added to the output of other inputs. The items missing before that one are
 * kept in memory: no more than the earlier run had under way.
 */
export function remainingInputs(source: InputSource, done: DoneItems, output: string): InputSource {
  if (done.count === 0) return source;
  let compared = false;

  const refuse = (why: string) =>
    new CommandFailure(`cannot resume ${output}: ${why}; give the inputs of the interrupted run`);

  const compare = async (): Promise<MapInput[]> => {
    const missing: MapInput[] = [];
    for (let seen = -1; seen < done.last; ) {
      const batch = await source.next();
      if (!batch) throw refuse(`it has item ${done.last}, ${source.name} ends at item ${seen}`);
      for (const item of batch) {
        seen = item.index;
        if (!done.has(item.index)) missing.push(item);
        else if (!done.isOf(item.index, item.value)) {
          throw refuse(`its item ${item.index} is not ${showInput(item.value)}`);
        }
      }
    }
    return missing;
  };

  return {
    ...source,
    async next() {
      if (compared) return source.next();
      compared = true;
      return compare();
    },
  };
}

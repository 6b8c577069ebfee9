import { join } from 'millrace/worker';

/** The sum of what children come to, joined in reverse order of the forks, which is the cheap one. */
export function sumOf(forked) {
  let sum = 0;
  while (forked.length > 0) sum += join(forked.pop());
  return sum;
}

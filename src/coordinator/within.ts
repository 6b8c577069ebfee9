/**
 * Waiting, but not for ever.
 *
 * @module
 */

/** `'late'` when `done` has not resolved after `ms`, from now. */
export async function within(ms: number, done: Promise<void>): Promise<'late' | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late');
  });
  const first = await Promise.race([done.then(() => undefined), late]);
  clearTimeout(timer);
  return first;
}

import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until a condition holds, by asking again and again; a test's way to wait for what sends no event.
 * Throws when it does not hold within `limitMs` (default 20000).
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`Not within ${limitMs} ms: ${what}.`);
    await sleep(10);
  }
}

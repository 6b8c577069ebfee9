/** What the profiles need beside `functions.mjs`: tasks that end their thread, never end, or say that they ran. */

/** Counts that it ran in the first word of `counter`. */
export function mark(counter, value) {
  Atomics.add(new Int32Array(counter), 0, 1);
  return value;
}

/** Ends the thread it runs on. */
export function exit(code) {
  process.exit(code);
}

/** Never ends by itself. */
export function loop() {
  for (;;);
}

export async function nap(ms, value) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return value;
}

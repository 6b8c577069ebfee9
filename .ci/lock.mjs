/**
 * One installation or build at a time, across processes.
 *
 * The lock is a file that its holder touches every second. A holder that was killed stops touching it, so its lock
 * is taken over after a while, and nothing has to be cleaned up by hand.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TOUCH_MS = 1_000;
const STALE_MS = 10_000;

/** Runs `body` while holding the lock `file`; waits for whoever holds it now. */
export async function withLock(file, body, { say = () => {} } = {}) {
  const token = `${process.pid} ${randomUUID()}`;
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  while (!(await tryTake(file, token))) {
    if (!told) say('waiting for another process that is preparing this folder');
    told = true;
    await sleep(200);
  }
  const beat = setInterval(() => touch(file), TOUCH_MS);
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await body();
  } finally {
    clearInterval(beat);
    process.off('exit', release);
    release();
  }
}

async function tryTake(file, token) {
  try {
    writeFileSync(file, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (!isStale(file)) return false;
  const grave = `${file}.${randomUUID()}`;
  try {
    renameSync(file, grave);
    if (!isStale(grave)) {
      // Between our look and our move another process took it over: it is that one's now.
      linkSync(grave, file);
      rmSync(grave, { force: true });
      return false;
    }
    rmSync(grave, { force: true });
    writeFileSync(file, token, { flag: 'wx' });
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EEXIST') return false;
    throw error;
  }
  // Another taker may have judged the same old lock stale and buried ours; it does so at once, or never.
  await sleep(300);
  return read(file) === token;
}

function isStale(file) {
  try {
    return Date.now() - statSync(file).mtimeMs > STALE_MS || !isAlive(Number.parseInt(read(file), 10));
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** An unreadable number means that the holder is between creating the file and writing it. */
function isAlive(pid) {
  if (!Number.isInteger(pid)) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

function read(file) {
  return readFileSync(file, 'utf8');
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Taken over after a long stop of this process: there is nothing of ours left to touch.
  }
}

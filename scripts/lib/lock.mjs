// One build at a time: two npm commands started together must not write the same files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { modified } from './paths.mjs';

const POLL_MS = 100;
/** How long a lock may be without its holder's number: the moment between two system calls. */
const NAMELESS_MS = 2000;

/**
 * Runs `body` while holding the folder `path` as a lock. Waits for a holder that is alive; a lock
 * whose holder has died is taken over. `onWait` is called once if there is somebody to wait for.
 */
export async function withLock(path, onWait, body) {
  let told = false;
  while (!take(path)) {
    if (abandoned(path)) {
      rmSync(path, { recursive: true, force: true });
      continue;
    }
    if (!told) onWait();
    told = true;
    await sleep(POLL_MS);
  }
  const release = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await body();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

function take(path) {
  try {
    mkdirSync(path);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(path, 'pid'), String(process.pid));
  return true;
}

function abandoned(path) {
  const made = modified(path);
  if (made === undefined) return false;
  let pid;
  try {
    pid = Number(readFileSync(join(path, 'pid'), 'utf8'));
  } catch {
    return Date.now() - made > NAMELESS_MS;
  }
  if (!Number.isInteger(pid) || pid <= 0) return Date.now() - made > NAMELESS_MS;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
